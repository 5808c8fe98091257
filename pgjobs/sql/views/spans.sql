-- The parts of which the last hour, day and week consist. Each end is counted once in its minute, once in its
-- hour and once in its day, so a week is read as some hours and six or seven days: of 168 hours it would take
-- ten times as long. Days are those of UTC, and last 24 hours in any time zone.
CREATE VIEW pgjobs_spans AS
SELECT part.span, part.length, part.period, part.since, part.upto
FROM (
    SELECT
        statement_timestamp() - interval '1 hour' AS hour_ago,
        statement_timestamp() - interval '24 hours' AS day_ago,
        statement_timestamp() - interval '168 hours' AS week_ago,
        date_trunc('hour', statement_timestamp(), 'UTC') AS this_hour,
        date_trunc('day', statement_timestamp(), 'UTC') AS today,
        date_trunc('day', statement_timestamp(), 'UTC') - interval '144 hours' AS first_day
) AS moment
CROSS JOIN LATERAL (
    VALUES
        ('hour', interval '1 hour', 'minute', hour_ago, this_hour),
        ('hour', interval '1 hour', 'hour', this_hour, timestamptz 'infinity'),
        ('day', interval '24 hours', 'hour', day_ago, today),
        ('day', interval '24 hours', 'day', today, timestamptz 'infinity'),
        ('week', interval '168 hours', 'hour', week_ago, first_day),
        ('week', interval '168 hours', 'day', first_day, timestamptz 'infinity')
) AS part (span, length, period, since, upto);

COMMENT ON VIEW pgjobs_spans IS
    'The parts of the last hour, day and week: the periods of pgjobs_ended that begin from since until upto. The views of statistics read it.';
