-- Hardly wait for a lock, until the end of the transaction: for an outcome that has waited in vain already.
SET LOCAL lock_timeout = '100ms'
