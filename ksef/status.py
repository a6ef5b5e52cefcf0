"""What each KSeF status code means for us (section 4.5); an unknown one is "processing", no crash (F26)."""

from enum import Enum


class InvoiceFate(Enum):
    """Where an invoice stands after its status was read."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # Final for these bytes.
    DUPLICATE = "duplicate"  # Compare with the original before judging.
    DEFERRED = "deferred"  # Not accepted and not at fault: the same bytes may be sent again.


class SessionFate(Enum):
    """Where an online session stands."""

    OPEN = "open"
    CLOSING = "closing"
    DONE = "done"
    FAILED = "failed"


class LoginFate(Enum):
    """Where an authentication stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"  # A fault of KSeF; start again from a new challenge.


# Status codes of an invoice in a session.
_INVOICE_FATES = {
    100: InvoiceFate.PENDING,
    150: InvoiceFate.PENDING,
    200: InvoiceFate.ACCEPTED,
    405: InvoiceFate.DEFERRED,  # The session failed, the invoice was not looked at.
    410: InvoiceFate.REJECTED,
    415: InvoiceFate.REJECTED,
    430: InvoiceFate.REJECTED,
    435: InvoiceFate.REJECTED,
    440: InvoiceFate.DUPLICATE,
    450: InvoiceFate.REJECTED,
    500: InvoiceFate.DEFERRED,
    550: InvoiceFate.DEFERRED,
}

# Status codes of a session; an online one that nobody used ends with 440.
_SESSION_FATES = {
    100: SessionFate.OPEN,
    150: SessionFate.CLOSING,
    170: SessionFate.CLOSING,
    200: SessionFate.DONE,
    405: SessionFate.FAILED,
    415: SessionFate.FAILED,
    420: SessionFate.FAILED,
    430: SessionFate.FAILED,
    435: SessionFate.FAILED,
    440: SessionFate.FAILED,
    445: SessionFate.FAILED,
    500: SessionFate.FAILED,
}

# Status codes of an authentication (section 2.4).
_LOGIN_FATES = {
    100: LoginFate.PENDING,
    200: LoginFate.SUCCEEDED,
    500: LoginFate.FAILED,
    550: LoginFate.FAILED,
}
_REFUSALS = range(400, 500)

# A send was refused because of its session: 21155 full, 21173 unknown, 21180 closed, 21184 maintenance.
_SESSION_OVER = frozenset({21155, 21173, 21180, 21184})

# KSeF's own trouble, told as a refusal: maintenance (section 4) and a log-in it could not decide (section 2.4).
_OWN_TROUBLE = frozenset({21184, 500, 550})

UNKNOWN_PUBLIC_KEY = 21470
ACCESS_DENIED = 403


def invoice_fate(code: int) -> InvoiceFate:
    return _INVOICE_FATES.get(code, InvoiceFate.PENDING)


def is_known_invoice_code(code: int) -> bool:
    """An unknown code is still processing, but somebody must be told (F26)."""
    return code in _INVOICE_FATES


def session_fate(code: int) -> SessionFate:
    return _SESSION_FATES.get(code, SessionFate.CLOSING)


def is_own_trouble(code: int) -> bool:
    """Tell whether a refusal says nothing about the request or its sender: the same will pass later."""
    return code in _OWN_TROUBLE


def login_fate(code: int) -> LoginFate:
    """Any 4xx refuses: 415, 425, 450, 460, 470, 480 today, others tomorrow."""
    if code in _REFUSALS:
        return LoginFate.REFUSED
    return _LOGIN_FATES.get(code, LoginFate.PENDING)


def needs_new_session(refusal_code: int) -> bool:
    """The send was refused because of the session: nothing was accepted, open another one (F16, F17)."""
    return refusal_code in _SESSION_OVER
