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
    """Where an online or a batch session stands."""

    OPEN = "open"
    CLOSING = "closing"
    DONE = "done"
    FAILED = "failed"


class BatchRemedy(Enum):
    """What helps after a batch session that failed (F25); nothing in it was accepted."""

    SEND_AGAIN = "send again"  # All its documents, packed and encrypted anew.
    SPLIT = "split"  # Over several packages.
    READ_INVOICES = "read invoices"  # Each has its own reason; none is good as it is.


class ExportFate(Enum):
    """Where an export of invoices stands."""

    PENDING = "pending"
    READY = "ready"
    AGAIN = "again"  # Expired or failed without our doing: ask for the same window anew (F31).
    TOO_EARLY = "too early"  # The window begins after the HWM: wait, the cursor stays (F29).


class LoginFate(Enum):
    """Where an authentication stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"  # A fault of KSeF; start again from a new challenge.


class OperationFate(Enum):
    """Where the granting or revoking of a permission, or a request for a certificate, stands."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"  # For good; ksef.remedies says what helps.
    FAILED = "failed"  # A fault of KSeF; the same may be asked for again.


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

# Status codes of a session of either kind; one that nobody used, or used too slowly, ends with 440.
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

_BATCH_REMEDIES = {
    405: BatchRemedy.SEND_AGAIN,
    415: BatchRemedy.SEND_AGAIN,
    420: BatchRemedy.SPLIT,
    430: BatchRemedy.SEND_AGAIN,
    435: BatchRemedy.SEND_AGAIN,
    440: BatchRemedy.SEND_AGAIN,
    445: BatchRemedy.READ_INVOICES,
    500: BatchRemedy.SEND_AGAIN,
}

# Status codes of an export (section 7.3).
_EXPORT_FATES = {
    100: ExportFate.PENDING,
    200: ExportFate.READY,
    210: ExportFate.AGAIN,
    415: ExportFate.AGAIN,
    420: ExportFate.TOO_EARLY,
    500: ExportFate.AGAIN,
    550: ExportFate.AGAIN,
}

# Status codes of an authentication (section 2.4).
_LOGIN_FATES = {
    100: LoginFate.PENDING,
    200: LoginFate.SUCCEEDED,
    500: LoginFate.FAILED,
    550: LoginFate.FAILED,
}
_REFUSALS = range(400, 500)

# Status codes of permission operations and of requests for certificates (sections 3 and 11).
_OPERATION_FATES = {
    100: OperationFate.PENDING,
    200: OperationFate.DONE,
    500: OperationFate.FAILED,
    550: OperationFate.FAILED,
}

# A send was refused because of its session: 21155 full, 21173 unknown, 21180 closed, 21184 maintenance.
_SESSION_OVER = frozenset({21155, 21173, 21180, 21184})

# KSeF's own trouble, told as a refusal: maintenance (section 4) and a log-in it could not decide (section 2.4).
_OWN_TROUBLE = frozenset({21184, 500, 550})

# Closing a batch session (section 5): 21205 a part is missing, 21157 one has not the declared size.
_PART_WANTING = frozenset({21157, 21205})

SESSION_STATE_FORBIDS = 21180
FROM_AFTER_HWM = 21183
UNKNOWN_PUBLIC_KEY = 21470
ACCESS_DENIED = 403


def invoice_fate(code: int) -> InvoiceFate:
    return _INVOICE_FATES.get(code, InvoiceFate.PENDING)


def is_known_invoice_code(code: int) -> bool:
    """An unknown code is still processing, but somebody must be told (F26)."""
    return code in _INVOICE_FATES


def session_fate(code: int) -> SessionFate:
    """For both kinds; an unknown code is neither open nor decided."""
    return _SESSION_FATES.get(code, SessionFate.CLOSING)


def is_known_session_code(code: int) -> bool:
    return code in _SESSION_FATES


def batch_remedy(code: int) -> BatchRemedy | None:
    """None for a session that has not failed."""
    return _BATCH_REMEDIES.get(code)


def needs_missing_part(refusal_code: int) -> bool:
    """The close was refused because a part is wanting: bring it and close again."""
    return refusal_code in _PART_WANTING


def export_fate(code: int) -> ExportFate:
    return _EXPORT_FATES.get(code, ExportFate.PENDING)


def is_known_export_code(code: int) -> bool:
    return code in _EXPORT_FATES


def is_known_login_code(code: int) -> bool:
    return code in _LOGIN_FATES or code in _REFUSALS


def is_own_trouble(code: int) -> bool:
    """Tell whether a refusal says nothing about the request or its sender: the same will pass later."""
    return code in _OWN_TROUBLE


def login_fate(code: int) -> LoginFate:
    """Any 4xx refuses: 415, 425, 450, 460, 470, 480 today, others tomorrow."""
    if code in _REFUSALS:
        return LoginFate.REFUSED
    return _LOGIN_FATES.get(code, LoginFate.PENDING)


def operation_fate(code: int) -> OperationFate:
    """Any 4xx refuses, today's and tomorrow's."""
    if code in _REFUSALS:
        return OperationFate.REFUSED
    return _OPERATION_FATES.get(code, OperationFate.PENDING)


def needs_new_session(refusal_code: int) -> bool:
    """The send was refused because of the session: nothing was accepted, open another one (F16, F17)."""
    return refusal_code in _SESSION_OVER
