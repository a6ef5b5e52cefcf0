"""The role that serves requests: it reads and writes rows under the policies, and nothing more."""

from __future__ import annotations

import pytest
from django.db import connection
from psycopg import errors

from tests.security.rows import query, refusal

pytestmark = [pytest.mark.security, pytest.mark.django_db]


def test_the_runtime_role_is_nobody_special() -> None:
    """V7: no superuser, no BYPASSRLS, no right to make roles or databases, member of nothing."""
    [facts] = query(
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
        " EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid) FROM pg_roles WHERE rolname = current_user"
    )
    assert facts == ("kwit_app", False, False, False, False, False, False)
    owned = query("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
    assert owned == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE extra (id int)",
        "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW extra AS SELECT 1",
        "ALTER TABLE invoices_invoice ADD COLUMN extra int",
        "ALTER TABLE invoices_invoice NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE invoices_invoiceevent DISABLE TRIGGER append_only",
        "CREATE POLICY extra ON invoices_invoice USING (true)",
        "DROP POLICY tenant ON invoices_invoice",
        "DROP TABLE invoices_upo",
        "TRUNCATE invoices_contractor CASCADE",
        "CREATE ROLE extra",
        "SET session_replication_role = replica",
        "COPY invoices_invoice TO PROGRAM 'cat'",
    ],
)
def test_the_runtime_role_changes_no_structure(statement: str) -> None:
    """V7: no DDL, no way around triggers and policies."""
    assert refusal(statement) is errors.InsufficientPrivilege


def test_nothing_in_the_schema_lends_rights() -> None:
    """V7: views and SECURITY DEFINER functions of an owner would skip row-level security."""
    assert (
        query("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace") == []
    )
    views = (
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    )
    assert query(views) == []


@pytest.mark.parametrize("privilege", ["TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"])
def test_the_runtime_role_reads_and_writes_rows_only(privilege: str) -> None:
    """V7: least privilege on every table."""
    if privilege == "MAINTAIN" and connection.pg_version < 170000:  # type: ignore[attr-defined]  # psycopg backend
        pytest.skip("this PostgreSQL does not know MAINTAIN")
    granted = query(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege(oid, %s)",
        privilege,
    )
    assert granted == []
