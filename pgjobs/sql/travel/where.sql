-- Which search path does this session have, and does its database have the clock of travels? A session that has
-- travelled has a path that begins with pgjobs_travel. A rollback takes the clock away.
SELECT current_setting('search_path'), to_regprocedure('pgjobs_travel.bind(regclass, boolean)') IS NOT NULL
