"""Letters about access to KSeF, and invitations; they hold no data of invoices (V52) and link to where to act."""

from __future__ import annotations

from smtplib import SMTPException
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.domain.errors import MailFailed

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import AccessNotice, Company, User

log = structlog.get_logger()


def mail_access_notice(notice: AccessNotice, *, user: User, company: Company) -> None:
    """Tell a person that their access or certificate comes to its end."""
    facts = {"user": user, "about": notice.about, "expires_at": notice.expires_at}
    _send("access_notice", to=user.email, company=company, path=_ksef_tab(company), facts=facts)


def mail_reminder(*, user: User, company: Company, sender: User) -> None:
    """Tell a person that a colleague asks them to renew their access."""
    facts = {"user": user, "sender": str(sender)}
    _send("access_reminder", to=user.email, company=company, path=_ksef_tab(company), facts=facts)


def mail_invitation(*, to: str, token: str, company: Company, sender: User, expires_at: datetime) -> None:
    """Send somebody the link by which they may join the company; whether they have an account plays no part."""
    facts = {"sender": str(sender), "expires_at": expires_at}
    path = reverse("invitation", args=[token])
    _send("invitation", to=to, company=company, path=path, facts=facts)


def _ksef_tab(company: Company) -> str:
    return reverse("accounts:ksef", args=[company.slug])


def _send(template: str, *, to: str, company: Company, path: str, facts: dict[str, object]) -> None:
    context = {"company": company.name, "url": settings.SITE_URL + path, **facts}
    subject = render_to_string(f"accounts/email/{template}_subject.txt", context, using="letters").strip()
    body = render_to_string(f"accounts/email/{template}_message.txt", context, using="letters")
    try:
        send_mail(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}", body, None, [to])
    except (OSError, SMTPException) as error:
        log.warning("a letter could not be sent", template=template, error=type(error).__name__)
        raise MailFailed(template) from error
