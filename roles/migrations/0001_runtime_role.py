"""Before any table: whatever the owner makes, the runtime role may use, and one function guards the logs."""

from typing import ClassVar

from django.db import migrations

RUNTIME_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kwit_app') THEN
        RAISE EXCEPTION 'the runtime role kwit_app is missing: create it before migrating';
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO kwit_app;
-- Django made this table before any migration ran; checks read it.
GRANT SELECT ON django_migrations TO kwit_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kwit_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO kwit_app;
"""

APPEND_ONLY = """
CREATE FUNCTION kwit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""

# Django's database cache: log-in limits and the signs of life of workers.
CACHE = """
CREATE TABLE kwit_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX kwit_cache_expires ON kwit_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    run_before: ClassVar = [
        ("contenttypes", "0001_initial"),
        ("auth", "0001_initial"),
        ("sessions", "0001_initial"),
        ("account", "0001_initial"),
        ("accounts", "0001_initial"),
        ("mfa", "0001_initial"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(RUNTIME_ROLE, migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY, "DROP FUNCTION kwit_refuse_change()"),
        migrations.RunSQL(CACHE, "DROP TABLE kwit_cache"),
    ]
