-- Wait for no lock longer than this, until the end of the transaction.
SET LOCAL lock_timeout = '2s'
