-- Check foreign keys at the end of each statement of this transaction, and not at its commit.
SET CONSTRAINTS ALL IMMEDIATE
