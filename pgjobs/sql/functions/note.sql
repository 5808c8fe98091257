-- Write an action into the journal, in the transaction of the action. The functions that steer call it; it acts
-- in the rights of its caller, so no role can forge an entry with it. Of many ids the first 1,000 are kept.
CREATE FUNCTION pgjobs_note(verb text, ids bigint[], subject text, done bigint) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO pgjobs_journal (who, surface, verb, subject, what, counted, done)
    VALUES (
        session_user,
        'sql',
        verb,
        subject,
        CASE
            WHEN ids IS NULL THEN '{}'
            WHEN cardinality(ids) <= 1000 THEN jsonb_build_object('ids', ids)
            ELSE jsonb_build_object('ids', ids[:1000], 'more', cardinality(ids) - 1000)
        END,
        COALESCE(cardinality(ids), 1),
        done
    )
$$;

COMMENT ON FUNCTION pgjobs_note IS
    'Write an action of the session user into the journal.';
