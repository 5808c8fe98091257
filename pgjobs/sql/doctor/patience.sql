-- A look into a locked table must not wait for its lock.
SELECT set_config('lock_timeout', %(longest)s, true)
