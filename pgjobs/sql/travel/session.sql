-- Say by how many seconds this session has travelled, and which clock its names mean.
SELECT
    set_config('pgjobs.travelled', %(seconds)s, false),
    set_config('search_path', %(path)s, false)
