-- Which search path does this session have? It begins with pgjobs_travel if the session has travelled.
SELECT current_setting('search_path')
