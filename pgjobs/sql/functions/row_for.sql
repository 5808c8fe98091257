-- From the arguments of pgjobs_enqueue() to a row, or to a refusal: what enqueueing/row.py is to callers in
-- Python. Nothing is written. As there, an empty queue, name or notification is one that is not given.
CREATE FUNCTION pgjobs_row_for(
    job_class text, kwargs jsonb, object text, schedule_at timestamptz, interval_minutes integer, queue text,
    priority integer, timeout integer, max_attempts integer, user_id text, notifications text, name text,
    meta jsonb
) RETURNS pgjobs_job
LANGUAGE plpgsql AS $$
DECLARE
    options jsonb := pgjobs_registered('job_class', job_class);
    object_model text := split_part(object, ':', 1);
    object_app text := split_part(object_model, '.', 1);
    object_key text := substr(object, length(object_model) + 2);
    -- To Django, the case of letters matters in the label of an app, and does not in that of a model. Python
    -- folds I to i. In Turkish PostgreSQL folds it to another letter, so the letters of ASCII come first.
    label text := COALESCE(
        object_app || lower(lower(substr(object_model, length(object_app) + 1) COLLATE "C") COLLATE "default"), ''
    );
    job_name text := COALESCE(options ->> 'name', name);
    job_queue text := COALESCE(
        NULLIF(queue, ''), options ->> 'queue', pgjobs_registered('model', label) ->> 'queue'
    );
    -- NULL if only workers of an older release have told of the class.
    parameters jsonb := options -> 'parameters';
    surplus text;
    missing text;
    job_notifications text := COALESCE(NULLIF(notifications, ''), options ->> 'notifications');
    made pgjobs_job;
    unknown_user boolean;
BEGIN
    made.job_class := job_class;
    made.args := '[]';
    made.kwargs := kwargs;
    made.meta := meta;
    made.interval := interval_minutes;
    made.scheduled := schedule_at;
    made.status := CASE WHEN schedule_at IS NULL THEN 'pending' ELSE 'scheduled' END;
    PERFORM pgjobs_registered('queue', job_queue);

    PERFORM pgjobs_refuse(
        jsonb_typeof(kwargs) IS DISTINCT FROM 'object', 'kwargs', jsonb_typeof(kwargs), 'a JSON object'
    );
    PERFORM pgjobs_refuse(
        kwargs ? (options ->> 'own_argument'), 'kwargs', options ->> 'own_argument',
        'other arguments than the one that pgjobs itself gives to run()'
    );
    SELECT min(argument COLLATE "C") INTO surplus
    FROM jsonb_object_keys(kwargs) AS argument
    WHERE NOT parameters -> 'named' ? argument AND NOT (parameters -> 'takes_any')::boolean;
    PERFORM pgjobs_refuse(
        surplus IS NOT NULL, 'kwargs', surplus,
        format('arguments that run() takes (%s)', array_to_string(ARRAY(
            SELECT jsonb_array_elements_text(parameters -> 'named')
        ), ', '))
    );
    SELECT min(argument COLLATE "C") INTO missing
    FROM jsonb_array_elements_text(parameters -> 'required') AS argument
    WHERE NOT kwargs ? argument;
    PERFORM pgjobs_refuse(
        missing IS NOT NULL, 'kwargs', array_to_string(ARRAY(SELECT jsonb_object_keys(kwargs)), ', '),
        format('all arguments that run() needs, so also %s', missing)
    );
    PERFORM pgjobs_refuse(jsonb_typeof(meta) <> 'object', 'meta', meta::text, 'a JSON object');
    PERFORM pgjobs_refuse(
        job_name IS NULL OR job_name = '' OR length(job_name) > 200, 'name', name,
        'a text of 1 to 200 characters, because the job class is a function'
    );
    PERFORM pgjobs_refuse(
        NULLIF(name, '') <> job_name, 'name', name, format('%L, the name of its class, or NULL', job_name)
    );
    PERFORM pgjobs_refuse(
        job_notifications NOT IN ('always', 'on_failure', 'never'), 'notifications', notifications,
        'always, on_failure or never'
    );
    PERFORM pgjobs_refuse(
        interval_minutes < 1, 'interval_minutes', interval_minutes::text, 'a number of minutes from 1'
    );
    PERFORM pgjobs_refuse(timeout < 1, 'timeout', timeout::text, 'a number of seconds from 1');
    PERFORM pgjobs_refuse(
        max_attempts NOT BETWEEN 1 AND 32767, 'max_attempts', max_attempts::text, 'a number from 1 to 32767'
    );
    PERFORM pgjobs_refuse(
        priority NOT BETWEEN -32768 AND 32767, 'priority', priority::text, 'a number from -32768 to 32767'
    );
    -- Only now, because a column does not take a text that is too long.
    made.name := job_name;
    made.queue_name := job_queue;
    made.notifications := job_notifications;
    made.priority := COALESCE(priority, (options ->> 'priority')::integer);
    made.timeout := COALESCE(timeout, (options ->> 'timeout')::integer);
    made.max_attempts := COALESCE(max_attempts, (options ->> 'max_attempts')::integer);
    PERFORM pgjobs_refuse(
        schedule_at < '0002-01-01 00:00:00+00'
            OR schedule_at >= '9999-01-01 00:00:00+00'::timestamptz
                - make_interval(mins => COALESCE(interval_minutes, 0)),
        'schedule_at', schedule_at::text, 'a moment in the years 2 to 9998'
    );

    IF object IS NOT NULL THEN
        PERFORM pgjobs_registered('model', label);
        SELECT type.id INTO made.object_type_id
        FROM django_content_type AS type
        WHERE type.app_label = split_part(label, '.', 1) AND type.model = split_part(label, '.', 2);
        PERFORM pgjobs_refuse(
            made.object_type_id IS NULL OR length(object_key) NOT BETWEEN 1 AND 255, 'object', object,
            'written as app.model:key, such as network.site:7'
        );
        made.object_id := object_key;
    END IF;
    IF user_id IS NOT NULL THEN
        -- The lock makes a deletion of the user wait for the caller's commit, as user.sql does.
        BEGIN
            EXECUTE (
                SELECT format(
                    'SELECT key IS NULL FROM (SELECT) AS one LEFT JOIN LATERAL '
                    '(SELECT %1$I AS key FROM %2$s WHERE %1$I = %3$L FOR KEY SHARE) AS found ON true',
                    key.attname, reference.confrelid::regclass, user_id
                )
                FROM pg_constraint AS reference
                JOIN pg_attribute AS own
                    ON own.attrelid = reference.conrelid AND own.attnum = reference.conkey[1]
                JOIN pg_attribute AS key
                    ON key.attrelid = reference.confrelid AND key.attnum = reference.confkey[1]
                WHERE reference.contype = 'f'
                    AND reference.conrelid = 'pgjobs_job'::regclass
                    AND own.attname = 'user_id'
            ) INTO unknown_user;
        EXCEPTION WHEN data_exception THEN
            unknown_user := true;  -- no key of a user is written so
        END;
        PERFORM pgjobs_refuse(unknown_user, 'user_id', user_id, 'the key of a user');
        made.user_id := user_id;
    END IF;
    made.once_key := concat_ws(':', job_class, made.object_type_id, made.object_id);
    RETURN made;
END
$$;

COMMENT ON FUNCTION pgjobs_row_for IS
    'The row that pgjobs_enqueue() and pgjobs_enqueue_once() insert; an error for a wrong argument.';
