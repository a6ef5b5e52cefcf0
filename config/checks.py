"""What must be true of an installation before it serves anybody: `manage.py check --database default`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from ksef.gateway import Environment
from roles.tenancy import TenantModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.backends.utils import CursorWrapper

_PRACTICE: Final = frozenset({Environment.SIMULATOR})

_ROLE = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
# Membership in the owner's role is as good as owning.
_OWNED = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
      AND pg_has_role(current_user, relowner, 'MEMBER')
    ORDER BY relname
"""
_MAY_CREATE = "SELECT has_schema_privilege(current_user, current_schema(), 'CREATE')"
_OPEN_TABLES = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
          SELECT FROM pg_policy p
          WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL))
    ORDER BY c.relname
"""


@register(Tags.security)
def check_environments(**_options: Any) -> list[CheckMessage]:
    """Practice and the real KSeF never meet in one installation (S13, V36)."""
    return list(_environment_faults())


@register(Tags.security)
def check_secrets(**_options: Any) -> list[CheckMessage]:
    if settings.KWIT_KEYS:
        return []
    return [Error("KWIT_KEYS is empty: secrets could be neither sealed nor opened.", id="kwit.E006")]


@register(Tags.security)
def check_log_in(**_options: Any) -> list[CheckMessage]:
    """No switch that makes a second factor easier, and none of them dropped by oversight (V17, V36)."""
    return list(_log_in_faults())


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """The role that serves requests can neither leave row-level security nor change the tables (V7)."""
    faults: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            faults.extend(_role_faults(cursor))
            faults.extend(_table_faults(cursor))
    return faults


def _environment_faults() -> Iterator[Error]:
    offered = set(settings.KSEF_ENVIRONMENTS)
    if not offered or offered - set(Environment):
        yield Error("KSEF_ENVIRONMENTS is a list of production, demo, test, simulator.", id="kwit.E001")
    has_simulator = bool(settings.KSEF_SIMULATOR_URL) or Environment.SIMULATOR in offered
    if Environment.PRODUCTION in offered and has_simulator and not settings.KSEF_IS_SIMULATED:
        yield Error(
            "The simulator and the production KSeF are offered side by side.",
            hint="Leave KSEF_SIMULATOR_URL empty where invoices are real.",
            id="kwit.E002",
        )
    if Environment.SIMULATOR in offered and not settings.KSEF_SIMULATOR_URL:
        yield Error(
            "The simulator is offered, but KSEF_SIMULATOR_URL does not say where it is.", id="kwit.E003"
        )
    if settings.DEMO and not settings.KSEF_IS_SIMULATED:
        yield Error(
            "DEMO lets anybody log in; it must not reach KSeF.",
            hint="Set KSEF_SIMULATOR_URL: the simulator then stands behind every environment.",
            id="kwit.E004",
        )
    if settings.FAILPOINT and not (offered <= _PRACTICE or settings.DEMO):
        yield Error("FAILPOINT kills workers; it is for practice installations only.", id="kwit.E005")


def _log_in_faults() -> Iterator[Error]:
    for name in ("MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", "MFA_TOTP_INSECURE_BYPASS_CODE"):
        if getattr(settings, name, None):
            yield Error(f"{name} opens a way around the second factor.", id="kwit.E007")
    # In the demo the simulator stands behind production (kwit.E004): its invoices bind nobody.
    is_production = Environment.PRODUCTION in settings.KSEF_ENVIRONMENTS and not settings.DEMO
    if is_production and not (settings.MFA_REQUIRED or settings.MFA_WAIVED_IN_PRODUCTION):
        yield Error(
            "Production invoices are offered to people without a second factor.",
            hint="Leave MFA_REQUIRED alone, or set MFA_WAIVED_IN_PRODUCTION and answer for it.",
            id="kwit.E008",
        )


def _role_faults(cursor: CursorWrapper) -> Iterator[Error]:
    cursor.execute(_ROLE)
    is_superuser, bypasses = cursor.fetchone()
    if is_superuser or bypasses:
        yield Error("The database role is a superuser or has BYPASSRLS.", id="kwit.E010")
        return
    # The one command that has to run as the owner; Django runs the checks before it as well.
    if sys.argv[1:2] == ["migrate"]:
        return
    cursor.execute(_OWNED)
    if owned := [name for (name,) in cursor.fetchall()]:
        yield Error(f"The database role owns {owned[0]} and {len(owned) - 1} more.", id="kwit.E011")
    cursor.execute(_MAY_CREATE)
    if cursor.fetchone()[0]:
        yield Error("The database role may create tables and functions.", id="kwit.E012")


def _table_faults(cursor: CursorWrapper) -> Iterator[Error]:
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)]  # noqa: SLF001 -- Django's documented Meta API
    cursor.execute(_OPEN_TABLES, [tables])
    for (table,) in cursor.fetchall():
        yield Error(f"{table} lacks forced row-level security with its policy.", id="kwit.E013")
