-- Whether a row of pgjobs_ends can be merged and shown. The triggers write only such rows. One odd row by hand
-- would refuse the whole batch that it is merged with, or spoil a sum for ever. NaN is above all numbers.
ended >= '0002-01-01 00:00:00+00' AND ended < '9999-01-01 00:00:00+00'
AND jobs BETWEEN 1 AND 1000000000
AND COALESCE(run_bucket, 0) BETWEEN -145 AND 218
AND COALESCE(wait_bucket, 0) BETWEEN -145 AND 218
AND COALESCE(run_seconds, 0) BETWEEN 0 AND 1e18
AND COALESCE(wait_seconds, 0) BETWEEN 0 AND 1e18
AND length(job_class) <= 200 AND length(queue) <= 100 AND length(outcome) <= 12
