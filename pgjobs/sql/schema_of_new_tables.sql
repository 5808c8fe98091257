-- The schema in which this session makes new tables; NULL if its search path leads to none.
SELECT current_schema()::text
