-- Return the bucket of a time in the histograms. Neighbouring buckets differ by a tenth, so a time differs
-- from the middle of its bucket by less than 5 %. statistics/tally.sql computes the same, so that new code
-- works beside a schema without this function.
CREATE FUNCTION pgjobs_bucket(seconds float8) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (ln(LEAST(GREATEST(seconds, 1e-6::float8), 1e9::float8)) * 10.492058687::float8)::smallint
WHERE seconds IS NOT NULL
$$;

COMMENT ON FUNCTION pgjobs_bucket IS 'The bucket of a time in the histograms of pgjobs_statistics.';
