-- Whether a procrastinate task of the queues could start now.
SELECT EXISTS (
    SELECT FROM procrastinate_jobs
    WHERE queue_name = ANY (%(queues)s)
        AND status = 'todo'
        AND (scheduled_at IS NULL OR scheduled_at <= statement_timestamp())
)
