-- An error in the words of enqueueing/, if `is_wrong`.
CREATE FUNCTION pgjobs_refuse(is_wrong boolean, argument text, value text, wanted text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF is_wrong THEN
        RAISE EXCEPTION '% must be %, not %', argument, wanted, COALESCE(quote_literal(value), 'NULL')
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

COMMENT ON FUNCTION pgjobs_refuse IS 'Refuse an argument of pgjobs_enqueue() that is wrong.';
