-- By how many seconds has this session travelled, and which search path does it have?
SELECT
    COALESCE(NULLIF(current_setting('pgjobs.travelled', true), ''), '0'), current_setting('search_path')
