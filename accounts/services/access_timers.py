"""What the beat does for everybody's access: renewing what is in use, and raising notices that are due (C5, C7).

A timer is a global row of ids and times. It is moved on before its work is done, so a worker that dies delays one
access by a minute, and two workers never do the same work at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.domain.access import ACCESS_NOTICES, CERTIFICATE_NOTICES, look_ahead
from accounts.domain.errors import MailFailed
from accounts.models import AccessNotice, AccessTimer, Company, OfflineCertificate, User
from accounts.services.credential_store import Owner, find_active, publish
from accounts.services.ksef_access import renew_ahead
from accounts.services.mails import mail_access_notice
from roles.access import find_actor
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.db import models

_TAKEN_FOR = timedelta(minutes=1)
_AT_ONCE = 50
_MAIL_AGAIN = timedelta(minutes=10)


def renew_due_access() -> int:
    """Renew each access token that is in use and about to end (S30); return how many were tried."""
    timers = _take("renew_at")
    for timer in timers:
        company = Company.objects.get(id=timer.company_id)
        renew_ahead(_owner(timer), nip=company.nip)
    return len(timers)


def raise_due_notices() -> int:
    """Raise each notice whose day has come, once, and mail it to its person (S33, S38); return how many."""
    return sum(_raise_notices(_owner(timer)) for timer in _take("notice_at"))


def _take(column: str) -> list[AccessTimer]:
    """Timers that are due, put off by a minute for everybody else."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        due = AccessTimer.objects.select_for_update(skip_locked=True).filter(**{f"{column}__lte": now})
        timers = list(due.order_by(column)[:_AT_ONCE])
        ids = [timer.id for timer in timers]
        AccessTimer.objects.filter(id__in=ids).update(**{column: now + _TAKEN_FOR})
    return timers


def _owner(timer: AccessTimer) -> Owner:
    return Owner(timer.company_id, timer.user_id, timer.environment)


def _raise_notices(owner: Owner) -> int:
    """Write down what is due, then mail what was not mailed yet: a mail that failed is tried again (F45)."""
    with tenant_transaction(owner.company_id, user_id=owner.user_id, durable=True):
        raised = sum(_is_first(owner, notice) for notice in _due_notices(owner, timezone.now()))
        publish(owner)
        # Who has left is told nothing.
        is_member = find_actor(user_id=owner.user_id, company_id=owner.company_id) is not None
        unsent = list(_unmailed(owner)) if is_member else []
    for notice in unsent:
        _mail(owner, notice)
    return raised


def _mail(owner: Owner, notice: AccessNotice) -> None:
    user, company = User.objects.get(id=owner.user_id), Company.objects.get(id=owner.company_id)
    try:
        mail_access_notice(notice, user=user, company=company)
    except MailFailed:
        AccessTimer.objects.filter(
            company_id=owner.company_id, user_id=owner.user_id, environment=owner.environment
        ).update(notice_at=timezone.now() + _MAIL_AGAIN)
        return
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        AccessNotice.objects.filter(id=notice.id).update(mailed_at=timezone.now())


def _unmailed(owner: Owner) -> models.QuerySet[AccessNotice]:
    return AccessNotice.objects.filter(
        user_id=owner.user_id, environment=owner.environment, mailed_at=None
    ).order_by("raised_at")


def _due_notices(owner: Owner, now: datetime) -> Iterator[AccessNotice]:
    credential = find_active(owner)
    if credential is None:
        return
    offline = OfflineCertificate.objects.filter(user_id=owner.user_id, environment=owner.environment).first()
    about = AccessNotice.About
    ends: tuple[tuple[AccessNotice.About, datetime | None, tuple[int, ...]], ...] = (
        (about.ACCESS, credential.lasts_until, ACCESS_NOTICES),
        (about.CERTIFICATE, credential.certificate_until, CERTIFICATE_NOTICES),
        (about.OFFLINE_CERTIFICATE, offline.certificate_until if offline else None, CERTIFICATE_NOTICES),
    )
    for what, until, notices in ends:
        if until is None:
            continue
        outlook = look_ahead(until, notices=notices, now=now)
        if outlook.days is not None:
            yield AccessNotice(
                company_id=owner.company_id,
                user_id=owner.user_id,
                environment=owner.environment,
                about=what,
                expires_at=until,
                days_before=outlook.days,
                raised_at=now,
            )


def _is_first(owner: Owner, notice: AccessNotice) -> bool:
    """Write the notice down unless it was raised before."""
    same = AccessNotice.objects.filter(
        user_id=owner.user_id,
        environment=owner.environment,
        about=notice.about,
        expires_at=notice.expires_at,
        days_before=notice.days_before,
    )
    if same.exists():
        return False
    notice.save(force_insert=True)
    return True
