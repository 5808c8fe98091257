-- Remember that the state `active` was told. The condition may have changed since: then this is told next.
UPDATE pgjobs_alert SET told = %(active)s, claimed_until = NULL WHERE id = %(id)s
