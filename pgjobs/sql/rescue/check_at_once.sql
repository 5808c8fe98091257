-- Check foreign keys at the end of each statement of this transaction, and not at its commit. A trigger of
-- the project may wait or take long, and the heartbeat shares this session: so no statement may do so.
SET CONSTRAINTS ALL IMMEDIATE;
SET LOCAL lock_timeout = {longest};
SET LOCAL statement_timeout = {longest}
