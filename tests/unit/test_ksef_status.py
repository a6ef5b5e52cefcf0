"""The meaning of status codes (ksef-protocol sections 2.4 and 4.5)."""

import pytest

from ksef.status import (
    InvoiceFate,
    LoginFate,
    SessionFate,
    invoice_fate,
    is_known_invoice_code,
    is_own_trouble,
    login_fate,
    needs_new_session,
    session_fate,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, InvoiceFate.PENDING),
        (150, InvoiceFate.PENDING),
        (200, InvoiceFate.ACCEPTED),
        (405, InvoiceFate.DEFERRED),
        (410, InvoiceFate.REJECTED),
        (415, InvoiceFate.REJECTED),
        (430, InvoiceFate.REJECTED),
        (435, InvoiceFate.REJECTED),
        (440, InvoiceFate.DUPLICATE),
        (450, InvoiceFate.REJECTED),
        (500, InvoiceFate.DEFERRED),
        (550, InvoiceFate.DEFERRED),
    ],
)
def test_every_invoice_code_has_its_fate(code: int, fate: InvoiceFate) -> None:
    assert invoice_fate(code) is fate
    assert is_known_invoice_code(code)


@pytest.mark.parametrize("code", [0, 201, 299, 420, 445, 999])
def test_unknown_invoice_code_is_processing_and_worth_an_alarm(code: int) -> None:
    """F26, F52."""
    assert invoice_fate(code) is InvoiceFate.PENDING
    assert not is_known_invoice_code(code)


@pytest.mark.parametrize("code", [415, 425, 450, 460, 470, 480, 499])
def test_login_is_refused_by_any_4xx(code: int) -> None:
    """F13, F15."""
    assert login_fate(code) is LoginFate.REFUSED


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, LoginFate.PENDING),
        (200, LoginFate.SUCCEEDED),
        (500, LoginFate.FAILED),
        (550, LoginFate.FAILED),
        (299, LoginFate.PENDING),
    ],
)
def test_other_login_codes(code: int, fate: LoginFate) -> None:
    assert login_fate(code) is fate


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, SessionFate.OPEN),
        (170, SessionFate.CLOSING),
        (200, SessionFate.DONE),
        (415, SessionFate.FAILED),
        (440, SessionFate.FAILED),
        (445, SessionFate.FAILED),
        (777, SessionFate.CLOSING),
    ],
)
def test_session_codes(code: int, fate: SessionFate) -> None:
    assert session_fate(code) is fate


def test_refusals_that_time_heals() -> None:
    """Maintenance, and log-ins that KSeF could not decide."""
    assert all(map(is_own_trouble, (21184, 500, 550)))
    assert not any(map(is_own_trouble, (21405, 21155, 403, 450)))


def test_refusals_that_ask_for_another_session() -> None:
    """F16, F17."""
    assert all(map(needs_new_session, (21155, 21173, 21180, 21184)))
    assert not any(map(needs_new_session, (21402, 21403, 21405, 403)))
