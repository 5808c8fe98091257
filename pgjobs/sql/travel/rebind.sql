SELECT pgjobs_travel.bind(%(jobs)s::regclass, %(is_away)s)
