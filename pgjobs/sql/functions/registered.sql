-- The options of a job class, a queue or a model, as the workers wrote them into pgjobs_registry. SQL has no
-- other way to know what the project's code holds.
CREATE FUNCTION pgjobs_registered(kind text, name text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    options jsonb;
BEGIN
    SELECT entry.options INTO options
    FROM pgjobs_registry AS entry
    WHERE entry.kind = pgjobs_registered.kind AND entry.name = pgjobs_registered.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% % is not known to the workers', kind, COALESCE(quote_literal(name), 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = COALESCE(
            'Known are: ' || (
                SELECT string_agg(entry.name, ', ' ORDER BY entry.name)
                FROM pgjobs_registry AS entry
                WHERE entry.kind = pgjobs_registered.kind AND entry.name <> ''
            ) || '.',
            'A worker writes what it knows when it starts. Start one: manage.py pgjobs_worker.'
        );
    END IF;
    RETURN options;
END
$$;

COMMENT ON FUNCTION pgjobs_registered IS
    'The options of a job class, a queue or a model as the workers know them; an error if no worker does.';
