-- Conditions that hold no more, and this was told.
DELETE FROM pgjobs_alert WHERE kind <> 'turn' AND NOT active AND NOT told
