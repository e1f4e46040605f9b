-- The roles, the database and the grants of LIO on a PostgreSQL server (15 or newer; made for 18).
--
-- Run it with psql, once, as a superuser or as a role that may create roles with BYPASSRLS. It may be run again at any time:
-- it then sets passwords and settings anew and leaves the data alone.
--
--     psql --set owner_password=... --set app_password=... --set system_password=... --file roles.sql
--
-- Add --set database=NAME for another name than `lio`. Then give LIO its three addresses:
--
--     DATABASE_URL         postgresql://lio_app:...@HOST/lio       serves pages, API and jobs; row level security binds it
--     DATABASE_OWNER_URL   postgresql://lio_owner:...@HOST/lio     owns the tables and migrates
--     DATABASE_SYSTEM_URL  postgresql://lio_system:...@HOST/lio    platform staff and sweeps across organisations

\set ON_ERROR_STOP on
\if :{?database}
\else
    \set database lio
\endif

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['lio_owner', 'lio_app', 'lio_system']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- CREATEDB is for test databases; BYPASSRLS lets migrations see and fill the rows of every organisation.
ALTER ROLE lio_owner  LOGIN NOSUPERUSER CREATEDB   NOCREATEROLE NOREPLICATION BYPASSRLS   PASSWORD :'owner_password';
ALTER ROLE lio_app    LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
ALTER ROLE lio_system LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS   PASSWORD :'system_password';

-- A forgotten transaction or a queue before one lock must not hold up everybody else.
ALTER ROLE lio_app    SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE lio_app    SET lock_timeout = '2s';
ALTER ROLE lio_system SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE lio_system SET lock_timeout = '2s';

-- Short requests on few cores: starting parallel workers costs more than they bring.
ALTER ROLE lio_app    SET max_parallel_workers_per_gather = 0;

-- Making a database for another role takes membership in it; only a superuser needs none.
SELECT format('GRANT lio_owner TO %I', current_user)
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
\gexec

SELECT format('CREATE DATABASE %I OWNER lio_owner TEMPLATE template0 ENCODING ''UTF8''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

ALTER DATABASE :"database" OWNER TO lio_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO lio_app, lio_system;

\connect :"database"

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO lio_owner;
GRANT USAGE ON SCHEMA public TO lio_app, lio_system;
