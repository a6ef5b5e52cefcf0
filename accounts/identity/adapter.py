"""Where allauth asks us: secrets at rest, what ends with a password, mails that may fail."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, Any, override

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.contrib.auth.hashers import make_password

from accounts.identity.selectors import find_person
from accounts.identity.services import browser_sessions
from accounts.identity.services.own_secrets import current_label, open_text, seal_text

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from django.http import HttpRequest

    from accounts.models import User

_log = structlog.stdlib.get_logger("kwit.identity")


class AccountBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """A person logs in by the address that the account goes by; one that it waits for may be another person's."""

    @override
    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        user: User | None = self._check_password(find_person(email), password)
        return user


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    @override
    def set_password(self, user: User, password: str) -> None:
        """Changed, set or forgotten: every session but the one at hand ends (V15)."""
        super().set_password(user, password)
        browser_sessions.end_others(user_id=user.id, keep=browser_sessions.current_id(context.request))

    @override
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Refuse an address that another account has gone by meanwhile, confirmed or not."""
        owner = find_person(email_address.email)
        if owner is not None and owner.id != email_address.user_id:
            self.add_message(
                request,
                messages.ERROR,
                "account/messages/email_confirmation_failed.txt",
                {"email": email_address.email},
            )
            return False
        return bool(super().confirm_email(request, email_address))

    @override
    def send_account_already_exists_mail(self, email: str) -> None:
        # As long as hashing the password of a new account, so that the time does not tell one from the other (V20).
        make_password("")
        super().send_account_already_exists_mail(email)

    @override
    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Tell the owner what was changed. It is changed by now: a mail that fails must not hide that."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except (OSError, smtplib.SMTPException):
            _log.exception("notification not sent")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Seeds are sealed for their owner and purpose; the callers say whose (V19)."""

    @override
    def encrypt(self, text: str) -> str:
        return seal_text(text, label=current_label())

    @override
    def decrypt(self, encrypted_text: str) -> str:
        return open_text(encrypted_text, label=current_label())
