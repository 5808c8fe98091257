-- Workers and triggers count in three tables. docs/decisions/statistics.md has the reasons.
--
-- pgjobs_ends: the ends of jobs that are not merged yet. It is only inserted into and deleted from, so
-- transactions that count never wait for each other. Most of its rows live for a minute: vacuum must come
-- often.
--
-- pgjobs_statistics: the merged ends. Each end is counted once in each period. The row of the period
-- 'total' grows for ever, so that a counter never goes down when old periods are deleted. A bucket is a
-- rounded logarithm: bucket b stands for about 1.1 ^ b seconds.
--
-- pgjobs_failure_statistics: ends with an error, by their fingerprint.
CREATE TABLE pgjobs_ends (
    ended timestamptz NOT NULL DEFAULT statement_timestamp(),
    job_class text NOT NULL,
    queue text NOT NULL,
    outcome text NOT NULL,
    run_bucket smallint,
    wait_bucket smallint,
    jobs bigint NOT NULL,
    run_seconds float8,
    wait_seconds float8,
    exception text,
    frame text,
    job_id bigint
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);
CREATE TABLE pgjobs_statistics (
    period text NOT NULL,
    start timestamptz NOT NULL,
    job_class text NOT NULL,
    queue text NOT NULL,
    outcome text NOT NULL,
    jobs bigint NOT NULL,
    run_seconds float8 NOT NULL,
    wait_seconds float8 NOT NULL,
    run_buckets smallint[] NOT NULL,
    run_counts bigint[] NOT NULL,
    wait_buckets smallint[] NOT NULL,
    wait_counts bigint[] NOT NULL,
    PRIMARY KEY (period, start, job_class, queue, outcome)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE pgjobs_failure_statistics (
    job_class text NOT NULL,
    exception text NOT NULL,
    frame text NOT NULL,
    jobs bigint NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    example_id bigint NOT NULL,
    PRIMARY KEY (job_class, exception, frame)
);
COMMENT ON TABLE pgjobs_ends IS
    'Ends of jobs that are counted and not merged yet. Read pgjobs_ended, which has all that is counted.';
COMMENT ON TABLE pgjobs_statistics IS
    'Merged ends of jobs. Read pgjobs_ended, which has all that is counted.';
COMMENT ON TABLE pgjobs_failure_statistics IS
    'Merged kinds of failure. Read pgjobs_failure_kinds, which has all that is counted.';
