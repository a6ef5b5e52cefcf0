"""What the KSeF tab shows: environment, method, certificates, how long all of it lasts, and who else has access."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.access import CERTIFICATE_NOTICES, TOKEN_NOTICES, Stage, look_ahead
from accounts.models import AccessState, CertificateRequest, KSeFCredential, OfflineCertificate
from accounts.selectors import find_help_answer
from accounts.selectors.environments import environment_choice
from roles.access import Right

if TYPE_CHECKING:
    import uuid
    from datetime import date, datetime

    from accounts.models import Company
    from accounts.selectors.environments import EnvironmentChoice
    from roles.access import Actor


class Standing(StrEnum):
    """How the actor stands towards KSeF; a badge and a next step for each."""

    MISSING = "missing"
    WORKING = "working"
    ENDING = "ending"
    LAPSED = "lapsed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate as the page names it; `days_left` is set when its end comes near."""

    subject: str
    serial: str
    valid_from: datetime | None
    valid_until: datetime | None
    days_left: int | None
    has_ended: bool


@dataclass(frozen=True, slots=True)
class MethodLine:
    """A saved method; of several the active one is used (S19)."""

    kind: str
    label: str
    is_active: bool
    since: datetime
    certificate: CertificateLine | None


@dataclass(frozen=True, slots=True)
class Colleague:
    """A colleague's access by its dates only; what opens it stays unseen (S53)."""

    user_id: uuid.UUID
    name: str
    method: str
    access_until: datetime | None
    certificate_until: datetime | None
    needs_renewal: bool
    reminded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KSeFPage:
    environment: EnvironmentChoice
    standing: Standing
    active: MethodLine | None
    others: tuple[MethodLine, ...]
    access_until: datetime | None
    last_used: datetime | None
    problem: str
    problem_at: datetime | None
    offline: CertificateLine | None
    # A certificate that KSeF has not issued yet.
    has_request: bool
    scope: str
    sends_consumer_invoices: bool
    fetches_at_login: bool
    recall_minutes: int
    tokens_until: date
    tokens_end_soon: bool
    colleagues: tuple[Colleague, ...]
    may_connect: bool
    may_decide: bool
    was_helpful: bool | None


def get_ksef_page(*, actor: Actor, company: Company) -> KSeFPage:
    """Everything on the tab, in the caller's transaction; nothing here calls KSeF."""
    now = timezone.now()
    environment = company.environment
    saved = list(
        KSeFCredential.objects.filter(user_id=actor.user_id, environment=environment).order_by("-created_at")
    )
    active = next((credential for credential in saved if credential.is_active), None)
    offline = OfflineCertificate.objects.filter(user_id=actor.user_id, environment=environment).first()
    return KSeFPage(
        environment=environment_choice(environment),
        standing=standing_of(active, now=now),
        active=_method(active, now) if active else None,
        others=tuple(_method(credential, now) for credential in saved if not credential.is_active),
        access_until=active.lasts_until if active else None,
        last_used=active.used_at if active else None,
        problem=active.problem if active else "",
        problem_at=active.problem_at if active else None,
        offline=_certificate(offline, now) if offline else None,
        has_request=CertificateRequest.objects.filter(
            user_id=actor.user_id, environment=environment
        ).exists(),
        scope=str(company.get_ksef_scope_display()),
        sends_consumer_invoices=company.sends_consumer_invoices,
        fetches_at_login=company.fetches_at_login,
        recall_minutes=company.recall_minutes,
        tokens_until=settings.KSEF_TOKENS_UNTIL,
        tokens_end_soon=(settings.KSEF_TOKENS_UNTIL - timezone.localdate(now)).days <= max(TOKEN_NOTICES),
        colleagues=_colleagues(actor, environment, now) if actor.may(Right.USERS) else (),
        may_connect=actor.may(Right.SEND),
        may_decide=actor.may(Right.SETTINGS),
        was_helpful=find_help_answer(actor=actor, article="ksef"),
    )


def standing_of(credential: KSeFCredential | None, *, now: datetime) -> Standing:
    if credential is None:
        return Standing.MISSING
    if credential.refused_at is not None:
        return Standing.REFUSED
    until = credential.lasts_until
    if until is None:
        return Standing.WORKING
    # The last two days of the week are the time to renew (S33).
    outlook = look_ahead(until, notices=(2,), now=now)
    return {
        Stage.LASTING: Standing.WORKING,
        Stage.ENDING: Standing.ENDING,
        Stage.ENDED: Standing.LAPSED,
    }[outlook.stage]


def _method(credential: KSeFCredential, now: datetime) -> MethodLine:
    return MethodLine(
        kind=credential.kind,
        label=str(credential.get_kind_display()),
        is_active=credential.is_active,
        since=credential.created_at,
        certificate=_certificate(credential, now) if credential.fingerprint else None,
    )


def _certificate(row: KSeFCredential | OfflineCertificate, now: datetime) -> CertificateLine:
    outlook = (
        look_ahead(row.certificate_until, notices=CERTIFICATE_NOTICES, now=now)
        if row.certificate_until
        else None
    )
    is_near = outlook is not None and outlook.stage is Stage.ENDING and row.certificate_until is not None
    return CertificateLine(
        subject=row.subject,
        serial=row.serial,
        valid_from=row.certificate_from,
        valid_until=row.certificate_until,
        days_left=(row.certificate_until - now).days if is_near and row.certificate_until else None,
        has_ended=outlook is not None and outlook.stage is Stage.ENDED,
    )


def _colleagues(actor: Actor, environment: str, now: datetime) -> tuple[Colleague, ...]:
    rows = (
        AccessState.objects.filter(environment=environment)
        .exclude(user_id=actor.user_id)
        .select_related("user")
        .order_by("user__full_name")
    )
    return tuple(
        Colleague(
            user_id=row.user_id,
            name=str(row.user),
            method=str(row.get_kind_display()),
            access_until=row.access_until,
            certificate_until=row.certificate_until,
            needs_renewal=needs_renewal(row, now),
            reminded_at=row.reminded_at,
        )
        for row in rows
    )


def needs_renewal(state: AccessState, now: datetime) -> bool:
    """Whether it is time to remind this colleague."""
    if state.is_refused:
        return True
    if state.access_until is None:
        return False
    return look_ahead(state.access_until, notices=(2,), now=now).stage is not Stage.LASTING


def describe_problem(problem: str) -> str:
    """The last thing that went wrong with one's access, in plain words."""
    return {
        "refused": _("KSeF odmówił logowania tym tokenem lub certyfikatem."),
        "access_lapsed": _("Minął tydzień od podania hasła do certyfikatu."),
        "unavailable": _("KSeF nie odpowiadał."),
        "unreadable_credential": _("Zapisanego połączenia nie da się odczytać; połącz się ponownie."),
    }.get(problem, "")
