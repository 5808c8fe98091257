SELECT * FROM pgjobs_blockers ORDER BY since NULLS LAST, kind, pid
