-- Let the current transaction, or the part of it behind its last savepoint, write nothing.
SELECT set_config('transaction_read_only', 'on', true)
