-- What a commit of this session waits for, by the server, the database, the role and the connection.
SELECT current_setting('synchronous_commit')
