-- Remember that the state `active` was told. The condition may have changed since: then this is told next. If
-- the notifier hung, another process may have told the end and forgotten the row: this message came after it,
-- so the row is made again, and the end is told again.
INSERT INTO pgjobs_alert (kind, subject, message, told)
VALUES (%(kind)s, %(subject)s, %(message)s, %(active)s)
ON CONFLICT (kind, subject) DO UPDATE SET told = EXCLUDED.told, claimed_until = NULL
