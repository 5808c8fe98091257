-- A look is bounded, whatever it waits for. The settings end with the transaction.
SELECT
    set_config('lock_timeout', %(longest)s, true),
    set_config('statement_timeout', %(longest)s, true)
