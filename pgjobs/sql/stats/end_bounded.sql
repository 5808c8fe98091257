SELECT set_config('statement_timeout', %(before)s, true)
