-- How full the queue of notifications is, from 0 to 1. It belongs to all databases of the server.
SELECT pg_notification_queue_usage()
