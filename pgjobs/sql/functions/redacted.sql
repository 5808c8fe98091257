-- The redaction of access/redaction.py, for the view pgjobs_jobs: both give the same for any value. It runs
-- in the rights of the reader of the view, so the search path is fixed: otherwise a function of the reader
-- could take the place of jsonb_typeof() and see hidden values.
--
-- An object with such a tag for its key is a value of another type, see codec.py. If `hidden` is '', all is
-- hidden but the names of the arguments: a text or a list, which only SQL by hand can write, has no names.
CREATE FUNCTION pgjobs_redacted(value jsonb, hidden text, depth integer) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    is_typed boolean;
BEGIN
    IF hidden = '' THEN
        IF depth = 0 AND jsonb_typeof(value -> '$dict') = 'object'
            AND value = jsonb_build_object('$dict', value -> '$dict')
        THEN
            RETURN jsonb_build_object('$dict', pgjobs_redacted(value -> '$dict', hidden, 1));
        END IF;
        RETURN CASE jsonb_typeof(value)
            WHEN 'object' THEN (
                SELECT COALESCE(jsonb_object_agg(key, '"[redacted]"'::jsonb), '{}')
                FROM jsonb_object_keys(value) AS each (key)
            )
            WHEN 'array' THEN (
                SELECT COALESCE(jsonb_agg('"[redacted]"'::jsonb), '[]') FROM jsonb_array_elements(value)
            )
            ELSE '"[redacted]"'
        END;
    ELSIF jsonb_typeof(value) NOT IN ('array', 'object') THEN
        RETURN value;
    ELSIF depth > 250 THEN
        RETURN '"[redacted]"';
    ELSIF jsonb_typeof(value) = 'array' THEN
        RETURN (
            SELECT COALESCE(jsonb_agg(pgjobs_redacted(item, hidden, depth + 1) ORDER BY place), '[]')
            FROM jsonb_array_elements(value) WITH ORDINALITY AS each (item, place)
        );
    END IF;
    -- No query: it would double the cost.
    is_typed := value - ARRAY[
        '$datetime', '$date', '$time', '$timedelta', '$decimal', '$uuid', '$bytes', '$float', '$model', '$dict'
    ] = '{}';
    RETURN (
        SELECT COALESCE(
            jsonb_object_agg(
                key,
                CASE
                    WHEN NOT is_typed AND translate(key, '-_ .', '') ~ hidden THEN '"[redacted]"'
                    WHEN jsonb_typeof(item) IN ('array', 'object')
                    THEN pgjobs_redacted(item, hidden, depth + 1)
                    ELSE item
                END
            ),
            '{}'
        )
        FROM jsonb_each(value) AS each (key, item)
    );
END
$$;

COMMENT ON FUNCTION pgjobs_redacted IS
    'A JSON value with "[redacted]" for the value of each key that the regular expression matches.';
