-- A batch does not wait for a locked job for longer. The setting ends with the transaction.
SELECT set_config('lock_timeout', '2s', true)
