SELECT * FROM pgjobs_jobs WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id DESC
