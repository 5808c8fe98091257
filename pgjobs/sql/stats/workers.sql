SELECT * FROM pgjobs_workers WHERE stopped IS NULL ORDER BY name, id
