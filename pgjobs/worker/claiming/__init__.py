"""Taking jobs from the queues."""
