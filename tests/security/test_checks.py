"""What `manage.py check --database default` refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.checks import Error, run_checks
from django.core.management import call_command
from django.db import connection

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.security


def found() -> set[str | None]:
    return {
        fault.id
        for fault in run_checks(tags=["security", "database"], databases=["default"])
        if isinstance(fault, Error)
    }


@pytest.mark.django_db
def test_this_installation_passes() -> None:
    """V7, V36: the tests themselves run as the runtime role, on tables with forced row-level security."""
    call_command("check", databases=["default"])
    assert found() == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "faults"),
    [("SET LOCAL ROLE NONE", {"kwit.E010"}), ("SET LOCAL ROLE kwit_owner", {"kwit.E011", "kwit.E012"})],
)
def test_a_role_that_could_leave_the_belts_is_refused(role: str, faults: set[str]) -> None:
    """V7: neither the superuser nor the owner may serve requests."""
    with connection.cursor() as cursor:
        cursor.execute(role)
    assert found() == faults


@pytest.mark.django_db
@pytest.mark.parametrize(
    "weakening",
    [
        "ALTER TABLE invoices_invoice NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE invoices_invoice DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON invoices_invoice",
    ],
)
def test_a_table_without_its_belt_is_refused(weakening: str) -> None:
    """V7: enabled, forced, with a policy for reading and writing."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE kwit_owner")
        cursor.execute(weakening)
        cursor.execute("SET LOCAL ROLE kwit_app")
    assert found() == {"kwit.E013"}


@pytest.mark.django_db
def test_the_owner_may_migrate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django runs the checks before a migration too, and only there the role is the owner."""
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE kwit_owner")
    assert found() == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"KSEF_ENVIRONMENTS": ["production"], "KSEF_SIMULATOR_URL": ""}, set()),
        ({"KSEF_ENVIRONMENTS": ["production", "demo"], "KSEF_SIMULATOR_URL": "http://x"}, {"kwit.E002"}),
        ({"KSEF_ENVIRONMENTS": ["production", "simulator"]}, {"kwit.E002", "kwit.E003"}),
        ({"KSEF_ENVIRONMENTS": ["simulator"]}, {"kwit.E003"}),
        ({"KSEF_ENVIRONMENTS": ["prod"]}, {"kwit.E001"}),
        ({"KSEF_ENVIRONMENTS": []}, {"kwit.E001"}),
        ({"KSEF_ENVIRONMENTS": ["production"], "DEMO": True}, {"kwit.E004"}),
        ({"KSEF_ENVIRONMENTS": ["demo"], "DEMO": True}, {"kwit.E004"}),
        (
            {
                "KSEF_ENVIRONMENTS": ["demo", "production"],
                "KSEF_SIMULATOR_URL": "http://x",
                "DEMO": True,
                "KSEF_IS_SIMULATED": True,
                "MFA_REQUIRED": False,
            },
            set(),
        ),
        ({"KSEF_ENVIRONMENTS": ["demo"], "FAILPOINT": "send.after_post:kill"}, {"kwit.E005"}),
        (
            {
                "KSEF_ENVIRONMENTS": ["demo"],
                "FAILPOINT": "send.after_post:kill",
                "DEMO": True,
                "KSEF_IS_SIMULATED": True,
            },
            set(),
        ),
        ({"KWIT_KEYS": {}}, {"kwit.E006"}),
        ({"MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": True}, {"kwit.E007"}),
        ({"MFA_TOTP_INSECURE_BYPASS_CODE": "123456"}, {"kwit.E007"}),
        ({"KSEF_ENVIRONMENTS": ["production"], "MFA_REQUIRED": False}, {"kwit.E008"}),
        (
            {
                "KSEF_ENVIRONMENTS": ["production"],
                "MFA_REQUIRED": False,
                "MFA_WAIVED_IN_PRODUCTION": True,
            },
            set(),
        ),
        ({"KSEF_ENVIRONMENTS": ["demo"], "MFA_REQUIRED": False}, set()),
    ],
)
def test_settings_that_do_not_fit_together(
    settings: Settings, changes: dict[str, object], faults: set[str]
) -> None:
    """S13, V17, V36: where invoices are real, no simulator, demo log-ins, fault points or open second factors."""
    settings.KSEF_ENVIRONMENTS = ["demo"]
    settings.KSEF_SIMULATOR_URL = ""
    settings.DEMO = settings.KSEF_IS_SIMULATED = False
    settings.FAILPOINT = ""
    settings.MFA_REQUIRED = True
    for name, value in changes.items():
        setattr(settings, name, value)
    assert found() == faults
