"""Second factors of one's own: the authenticator app, the recovery codes, and their codes, each good once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts.identity.domain import totp
from accounts.identity.models import CodeClock
from accounts.identity.selectors import FACTORS
from accounts.identity.services import browser_sessions, passkeys
from accounts.identity.services.own_secrets import belonging_to, open_text, seal_text
from roles.vault import CannotOpen, OwnLabel

if TYPE_CHECKING:
    import uuid

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

    from accounts.models import User

_log = structlog.stdlib.get_logger("kwit.identity")

_PENDING: Final = "totp_pending"
_SHOWN: Final = "recovery_codes_shown"
_DOWNLOAD_SECONDS: Final = 600


def pending_seed(session: SessionBase, user_id: uuid.UUID) -> str:
    """The seed that the app is being set up with, sealed in the session until the app has proved it."""
    label = OwnLabel(user_id=user_id, purpose="totp pending")
    if sealed := session.get(_PENDING):
        try:
            return open_text(sealed, label=label)
        except CannotOpen:
            _log.warning("a pending seed does not open", user=str(user_id))
    seed = totp.new_seed()
    session[_PENDING] = seal_text(seed, label=label)
    return seed


def add_app(request: HttpRequest, user: User, *, code: str) -> bool:
    """Keep the pending seed if the app shows its code; that code is then used up."""
    seed = pending_seed(request.session, user.id)
    step = totp.find_step(seed, code, at=timezone.now())
    if step is None or not _use_step(user.id, step):
        return False
    with transaction.atomic():
        Authenticator.objects.filter(user_id=user.id, type=Authenticator.Type.TOTP).delete()
        with belonging_to(_app_label(user.id)):
            TOTP.activate(user, seed)
        _ensure_recovery_codes(user)
    request.session.pop(_PENDING, None)
    _announce(request, user, "totp_activated")
    return True


def remove_app(request: HttpRequest, user: User) -> None:
    Authenticator.objects.filter(user_id=user.id, type=Authenticator.Type.TOTP).delete()
    _forget_lonely_recovery_codes(user.id)
    _announce(request, user, "totp_deactivated")


def add_passkey(request: HttpRequest, user: User, *, name: str, answer: str) -> None:
    """Raises passkeys.NotProven."""
    with transaction.atomic():
        passkeys.add(request, user, name=name, answer=answer)
        _ensure_recovery_codes(user)
    _announce(request, user, "webauthn_added")


def remove_passkey(request: HttpRequest, user: User, *, key: uuid.UUID) -> None:
    passkeys.remove(user_id=user.id, key=key)
    _forget_lonely_recovery_codes(user.id)
    _announce(request, user, "webauthn_removed")


def forget_all(user: User) -> int:
    """For the operator, when a person lost them all: take every factor away and end every session."""
    count: int = Authenticator.objects.filter(user_id=user.id).delete()[0]
    browser_sessions.end_others(user_id=user.id, keep=None)
    return count


def use_code(*, user_id: uuid.UUID, code: str) -> Authenticator | None:
    """The factor whose code this is; the code is used up for every process and for ever (V18)."""
    digits = "".join(code.split()).replace("-", "")
    if not digits.isascii() or not digits.isdigit():
        return None
    is_of_app = len(digits) == totp.DIGITS
    kind = Authenticator.Type.TOTP if is_of_app else Authenticator.Type.RECOVERY_CODES
    row = Authenticator.objects.filter(user_id=user_id, type=kind).select_related("user").first()
    if row is None:
        return None
    try:
        is_right = _is_code_of_app(row, digits) if is_of_app else _is_recovery_code(row, digits)
    except CannotOpen:
        _log.exception("a second factor does not open", user=str(user_id), factor=kind)
        return None
    return row if is_right else None


def renew_recovery_codes(request: HttpRequest, user: User) -> list[str]:
    """Make new codes and show them, this once; the old ones are void."""
    with transaction.atomic():
        # Two at once would each show codes that the other has just thrown away.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        Authenticator.objects.filter(user_id=user.id, type=Authenticator.Type.RECOVERY_CODES).delete()
        _ensure_recovery_codes(user)
    _announce(request, user, "recovery_codes_generated")
    return show_recovery_codes(request, user)


def show_recovery_codes(request: HttpRequest, user: User) -> list[str]:
    """The codes if nobody has seen them yet; none the second time."""
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(
            user_id=user.id, type=Authenticator.Type.RECOVERY_CODES
        )
        row = rows.first()
        if row is None or RecoveryCodes(row).did_view:
            return []
        RecoveryCodes(row).mark_as_viewed()
    request.session[_SHOWN] = {"id": row.pk, "at": time.time()}
    return _codes(row)


def download_recovery_codes(request: HttpRequest, user: User) -> list[str]:
    """The codes once more as a file, for the session that has just shown them."""
    shown = request.session.get(_SHOWN)
    if shown is None or time.time() - shown["at"] > _DOWNLOAD_SECONDS:
        return []
    row = Authenticator.objects.filter(
        user_id=user.id, pk=shown["id"], type=Authenticator.Type.RECOVERY_CODES
    ).first()
    return [] if row is None else _codes(row)


def count_recovery_codes(user_id: uuid.UUID) -> int:
    row = Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.RECOVERY_CODES).first()
    return 0 if row is None else len(_codes(row))


def _codes(row: Authenticator) -> list[str]:
    with belonging_to(_recovery_label(row.user_id)):
        codes: list[str] = RecoveryCodes(row).get_unused_codes()
    return codes


def _is_code_of_app(row: Authenticator, code: str) -> bool:
    seed = open_text(row.data["secret"], label=_app_label(row.user_id))
    step = totp.find_step(seed, code, at=timezone.now())
    return step is not None and _use_step(row.user_id, step)


def _is_recovery_code(row: Authenticator, code: str) -> bool:
    # allauth locks the row, compares and marks the code as used in one transaction.
    with belonging_to(_recovery_label(row.user_id)):
        return bool(RecoveryCodes(row).validate_code(code))


def _use_step(user_id: uuid.UUID, step: int) -> bool:
    """Whether this step of the clock was not used yet; of two at once, one is told so."""
    CodeClock.objects.get_or_create(user_id=user_id)
    return CodeClock.objects.filter(user_id=user_id, last_step__lt=step).update(last_step=step) == 1


def _ensure_recovery_codes(user: User) -> None:
    with belonging_to(_recovery_label(user.id)):
        RecoveryCodes.activate(user)


def _forget_lonely_recovery_codes(user_id: uuid.UUID) -> None:
    rows = Authenticator.objects.filter(user_id=user_id)
    if not rows.filter(type__in=FACTORS).exists():
        rows.delete()


def _announce(request: HttpRequest, user: User, what: str) -> None:
    """A factor has changed: the other sessions end (V15), and the owner is told by mail."""
    browser_sessions.end_others(user_id=user.id, keep=browser_sessions.current_id(request))
    request.session.cycle_key()
    get_adapter(request).send_notification_mail(f"mfa/email/{what}", user)


def _app_label(user_id: uuid.UUID) -> OwnLabel:
    return OwnLabel(user_id=user_id, purpose="totp")


def _recovery_label(user_id: uuid.UUID) -> OwnLabel:
    return OwnLabel(user_id=user_id, purpose="recovery codes")
