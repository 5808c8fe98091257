CREATE VIEW pgjobs_schedules AS
SELECT
    schedule.id,
    schedule.job_class,
    CASE
        WHEN schedule.cron <> '' THEN 'cron ' || schedule.cron
        WHEN schedule.interval = 1 THEN 'every minute'
        WHEN schedule.interval = 60 THEN 'every hour'
        WHEN schedule.interval = 1440 THEN 'every day'
        WHEN schedule.interval % 1440 = 0 THEN 'every ' || schedule.interval / 1440 || ' days'
        WHEN schedule.interval % 60 = 0 THEN 'every ' || schedule.interval / 60 || ' hours'
        ELSE 'every ' || schedule.interval || ' minutes'
    END AS rule,
    schedule.enabled,
    schedule.next_run,
    CASE
        WHEN schedule.enabled AND schedule.next_run < statement_timestamp() - interval '30 seconds'
        THEN date_trunc('second', statement_timestamp() - schedule.next_run)
    END AS overdue_by,
    schedule.last_run,
    schedule.last_job_id,
    job.status AS last_status
FROM pgjobs_schedule AS schedule
LEFT JOIN pgjobs_job AS job ON job.id = schedule.last_job_id;

COMMENT ON VIEW pgjobs_schedules IS
    'System jobs: their rules, their next runs, and what came of the last ones.';
COMMENT ON COLUMN pgjobs_schedules.rule IS 'In words; cron is read in the project''s time zone.';
COMMENT ON COLUMN pgjobs_schedules.enabled IS 'False once no worker''s code has the job class any more.';
COMMENT ON COLUMN pgjobs_schedules.overdue_by IS
    'How long ago it should have been enqueued, if that is over 30 seconds: no worker''s clock runs. NULL when all is well.';
COMMENT ON COLUMN pgjobs_schedules.last_run IS 'The due time for which a job was last enqueued.';
COMMENT ON COLUMN pgjobs_schedules.last_status IS 'Status of that job; NULL once it was pruned.';
