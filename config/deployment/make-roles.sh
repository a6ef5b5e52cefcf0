#!/bin/sh
# Runs once, when the database is made: the owner, who migrates, and the runtime role, which owns nothing
# and cannot pass by row-level security. Their passwords are those inside the addresses the portal gets.
set -eu

password_of() { sed -E 's#^[a-z]+://[^:]+:([^@]+)@.*#\1#' "$1"; }

psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    -v owner_password="$(password_of "${DATABASE_OWNER_URL_FILE:-/run/secrets/database_owner_url}")" \
    -v app_password="$(password_of "${DATABASE_URL_FILE:-/run/secrets/database_url}")" <<'SQL'
CREATE ROLE kwit_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE kwit_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE DATABASE kwit OWNER kwit_owner;
SQL
