"""Proving again that it is still the same person: by password, code or passkey, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.internal.flows import post_authentication

from accounts.identity.services import limits, passkeys, second_factors
from accounts.identity.services.passkeys import NotProven, Purpose

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


def confirm_by_password(request: HttpRequest, user: User, *, password: str) -> bool:
    """Raises limits.TooManyTries."""
    take_back = limits.count_try(request, action="confirm", account=str(user.id))
    if not user.check_password(password):
        return False
    take_back()
    reauthenticate_by_password(request)
    request.session.cycle_key()
    return True


def confirm_by_code(request: HttpRequest, user: User, *, code: str) -> bool:
    """Raises limits.TooManyTries."""
    take_back = limits.count_try(request, action="second_factor", account=str(user.id))
    factor = second_factors.use_code(user_id=user.id, code=code)
    if factor is None:
        return False
    take_back()
    post_authentication(request, factor, reauthenticated=True)
    request.session.cycle_key()
    return True


def confirm_by_passkey(request: HttpRequest, user: User, *, answer: str) -> bool:
    try:
        factor = passkeys.prove(request, Purpose.CONFIRM, user_id=user.id, answer=answer)
    except NotProven:
        return False
    post_authentication(request, factor, reauthenticated=True)
    request.session.cycle_key()
    return True


def pass_second_step(request: HttpRequest, user: User, *, code: str = "", answer: str = "") -> bool:
    """The second factor of a log-in, by a code or a passkey. Raises limits.TooManyTries."""
    take_back = limits.count_try(request, action="second_factor", account=str(user.id))
    try:
        factor = (
            passkeys.prove(request, Purpose.SECOND_STEP, user_id=user.id, answer=answer)
            if answer
            else second_factors.use_code(user_id=user.id, code=code)
        )
    except NotProven:
        return False
    if factor is None:
        return False
    take_back()
    post_authentication(request, factor)
    return True
