-- Make the row of the turn if it is missing.
INSERT INTO pgjobs_alert (kind, subject, claimed_until)
VALUES ('turn', '', statement_timestamp())
ON CONFLICT DO NOTHING
