SELECT DISTINCT unnest(queues)::text FROM pgjobs_workers WHERE state = 'alive'
