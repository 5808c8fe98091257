-- Those of the job classes whose jobs must not run twice, as the workers that know them have told.
SELECT name
FROM pgjobs_registry
WHERE kind = 'job_class'
    AND name = ANY (%(job_classes)s::text[])
    AND options ->> 'on_interrupt' = 'error'
