CREATE FUNCTION pgjobs_bucket_time(bucket integer) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT make_interval(secs => 1.1::float8 ^ bucket)
$$;

COMMENT ON FUNCTION pgjobs_bucket_time IS
    'The time for which a bucket of the histograms stands; a time in the bucket differs from it by less than 5 %.';
