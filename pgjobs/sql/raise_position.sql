-- Draw no position up to this one any more.
SELECT setval('pgjobs_position', %(position)s)
FROM pgjobs_position
WHERE last_value < %(position)s
