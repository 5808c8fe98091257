-- Write a batch of plain outcomes: the jobs completed. This is record.sql without what such jobs don't
-- need, and costs the server a sixth less. A row that has a successor to insert is left to record.sql,
-- and so is a row that got one while this statement waited for it.
--
-- The guard, and why it is written so, stands in record.sql.
--
-- {answer} is the row and its moments if somebody hears of the ends, and one array of ids otherwise: a row
-- for each job costs the server and the worker a microsecond.
--
-- `tally` hands the number of ends to the statistics. A trigger of the project that returns OLD has kept the
-- row as it was; RETURNING tells of it too, and it is not counted.
WITH recorded AS (
    UPDATE pgjobs_job AS job
    SET status = 'completed',
        started = COALESCE(statement_timestamp() - make_interval(secs => o.began), job.started),
        completed = statement_timestamp() - make_interval(secs => COALESCE(o.ended, 0)),
        error = '',
        data = COALESCE(o.data::jsonb, job.data),
        result = o.result::jsonb
    FROM unnest(
        %(ids)s::bigint[], %(epochs)s::int[], %(workers)s::bigint[],
        %(began)s::float8[], %(ended)s::float8[], %(data)s::text[], %(results)s::text[]
    ) AS o (id, epoch, worker_id, began, ended, data, result)
    WHERE job.id = ANY (ARRAY[o.id])
        AND job.epoch = ANY (ARRAY[o.epoch])
        AND (o.worker_id IS NULL OR job.worker_id = o.worker_id)
        AND CASE job.status WHEN 'running' THEN true ELSE false END
        AND job.interval IS NULL
        AND job.successor IS NULL
        AND (SELECT set_config('pgjobs.counts', 'batch', true)) IS NOT NULL
        AND (SELECT set_config('pgjobs.ended', %(ids)s::bigint[]::text, true)) IS NOT NULL
    RETURNING
        job.id,
        job.status,
        job.started,
        job.completed,
        job.job_class,
        job.queue_name,
        COALESCE(
            o.began - COALESCE(o.ended, 0), date_part('epoch', job.completed - job.started)
        ) AS run,
        date_part('epoch', job.started - COALESCE(job.scheduled, job.created)) AS wait
),
tally AS (
{tally}
)
SELECT {answer}
FROM recorded
WHERE (SELECT tallied FROM tally) IS NOT NULL AND completed IS NOT NULL
