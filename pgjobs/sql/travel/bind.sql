-- Bind the defaults, the views and the functions of pgjobs to the clock of the travel if `is_away`, and to
-- PostgreSQL's own clock otherwise.
--
-- A default and a view keep the function that their text meant when they were made, and some functions
-- bring a search path of their own: the path of the session changes none of them. So each is made anew from
-- its own text. The path of this function is empty: the texts then have the schema of each name but those of
-- pg_catalog.
--
-- PostgreSQL alters no table whose foreign keys are still to be checked at the commit. So they are checked
-- first.
CREATE OR REPLACE FUNCTION pgjobs_travel.bind(jobs regclass, is_away boolean) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    home constant oid := (SELECT relnamespace FROM pg_class WHERE oid = jobs);
    clocks constant text := '(?<![\w.])(statement_timestamp|now|clock_timestamp)\(\)';
    front constant text := 'pgjobs_travel, pg_catalog, ';
    keys text;
    made record;
BEGIN
    SELECT string_agg(format('%I.%I', nspname, conname), ', ') INTO keys
    FROM pg_constraint
    JOIN pg_namespace ON pg_namespace.oid = connamespace
    WHERE condeferrable AND jobs IN (conrelid, confrelid);
    EXECUTE format('SET CONSTRAINTS %s IMMEDIATE', keys);
    EXECUTE format('SET CONSTRAINTS %s DEFERRED', keys);

    FOR made IN
        SELECT
            format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT ', adrelid::regclass, attname) AS statement,
            pg_get_expr(adbin, adrelid) AS text
        FROM pg_attrdef
        JOIN pg_class ON pg_class.oid = adrelid AND relnamespace = home AND relname LIKE 'pgjobs\_%'
        JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        UNION ALL
        SELECT
            format(
                'CREATE OR REPLACE VIEW %s %s AS ',
                oid::regclass,
                'WITH (' || array_to_string(reloptions, ', ') || ')'
            ),
            pg_get_viewdef(oid)
        FROM pg_class
        WHERE relnamespace = home AND relkind = 'v' AND relname LIKE 'pgjobs\_%'
    LOOP
        CONTINUE WHEN made.text !~ CASE WHEN is_away THEN clocks ELSE 'pgjobs_travel\.' END;
        EXECUTE made.statement || CASE
            WHEN is_away THEN regexp_replace(made.text, clocks, 'pgjobs_travel.\1()', 'g')
            ELSE replace(made.text, 'pgjobs_travel.', '')
        END;
    END LOOP;

    FOR made IN
        SELECT
            pg_proc.oid::regprocedure AS signature,
            replace(substr(setting, length('search_path=') + 1), front, '') AS path
        FROM pg_proc
        CROSS JOIN unnest(proconfig) AS setting
        WHERE pronamespace = home AND proname LIKE 'pgjobs\_%' AND setting LIKE 'search\_path=%'
    LOOP
        EXECUTE format(
            'ALTER FUNCTION %s SET search_path = %s',
            made.signature,
            CASE WHEN is_away THEN front ELSE '' END || made.path
        );
    END LOOP;
END
$$
