SELECT set_config('IntervalStyle', %(style)s, true)
