-- The clock of a time travel: functions with the names of PostgreSQL's own. A search path that has
-- pgjobs_travel before pg_catalog finds them. Each session says by how many seconds it has travelled, so
-- other sessions keep their time.
CREATE SCHEMA IF NOT EXISTS pgjobs_travel;
GRANT USAGE ON SCHEMA pgjobs_travel TO PUBLIC;

CREATE OR REPLACE FUNCTION pgjobs_travel.travelled() RETURNS interval LANGUAGE sql STABLE
RETURN make_interval(secs => COALESCE(NULLIF(current_setting('pgjobs.travelled', true), ''), '0')::float8);

CREATE OR REPLACE FUNCTION pgjobs_travel.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
RETURN pg_catalog.statement_timestamp() + pgjobs_travel.travelled();

CREATE OR REPLACE FUNCTION pgjobs_travel.now() RETURNS timestamptz LANGUAGE sql STABLE
RETURN pg_catalog.now() + pgjobs_travel.travelled();

CREATE OR REPLACE FUNCTION pgjobs_travel.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN pg_catalog.clock_timestamp() + pgjobs_travel.travelled()
