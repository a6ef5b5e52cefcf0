"""Letters about access to KSeF; they hold no data of invoices (V52) and link to the page where to act."""

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
    from accounts.models import AccessNotice, Company, User

log = structlog.get_logger()


def mail_access_notice(notice: AccessNotice, *, user: User, company: Company) -> None:
    """Tell a person that their access or certificate comes to its end."""
    _send("access_notice", user=user, company=company, about=notice.about, expires_at=notice.expires_at)


def mail_reminder(*, user: User, company: Company, sender: User) -> None:
    """Tell a person that a colleague asks them to renew their access."""
    _send("access_reminder", user=user, company=company, sender=str(sender))


def _send(template: str, *, user: User, company: Company, **facts: object) -> None:
    context = {
        "user": user,
        "company": company.name,
        "url": settings.SITE_URL + reverse("accounts:ksef", args=[company.slug]),
        **facts,
    }
    subject = render_to_string(f"accounts/email/{template}_subject.txt", context, using="letters").strip()
    body = render_to_string(f"accounts/email/{template}_message.txt", context, using="letters")
    try:
        send_mail(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}", body, None, [user.email])
    except (OSError, SMTPException) as error:
        log.warning("a letter could not be sent", template=template, error=type(error).__name__)
        raise MailFailed(template) from error
