"""What KSeF itself says of one's access: rights, limits and live logins; asked only when a person wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.services.credential_store import Owner, find_active
from accounts.services.ksef_access import forget_access, gateway_for, obtain_access
from ksef.errors import AccessExpired
from ksef.exchange.limits import RateGroup
from ksef.gateway.paging import every
from roles.access import Right
from roles.audit import record
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from accounts.models import Company
    from ksef.exchange.certificates import CertificateLimits, ListedCertificate
    from ksef.exchange.logins import ListedLogin
    from ksef.gateway import Gateway
    from roles.access import Actor

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """KSeF's answers at one moment."""

    checked_at: datetime
    is_owner: bool
    rights: tuple[str, ...]
    logins: tuple[ListedLogin, ...]
    sends_per_hour: int | None
    invoices_per_session: int
    certificate_limits: CertificateLimits
    certificates: tuple[ListedCertificate, ...]


def check_connection(*, actor: Actor, company: Company) -> ConnectionReport:
    """Ask KSeF what this access may do. Calls KSeF, so no transaction may be open.

    Raises NotConnected or a KSeFError; nothing changes but the tokens that had to be renewed.
    """
    actor.require(Right.SEND)
    return with_access(actor=actor, company=company, act=_report)


def end_login(*, actor: Actor, company: Company, reference: str) -> None:
    """End one of the person's logins in KSeF, as from a lost computer. Safe to repeat; calls KSeF.

    Ending the login that this portal uses lapses the access here as well.
    """
    actor.require(Right.SEND)

    def end(gateway: Gateway, access_token: str) -> None:
        gateway.logins.end(access_token, reference)

    with_access(actor=actor, company=company, act=end)
    owner = Owner(company.id, actor.user_id, company.environment)
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        credential = find_active(owner)
        is_own = credential is not None and credential.login_reference == reference
        record(
            actor=actor,
            action="ksef_login_ended",
            detail={"environment": company.environment, "reference": reference},
        )
    if is_own:
        forget_access(company=company, environment=company.environment, user_id=actor.user_id)


def with_access[T](*, actor: Actor, company: Company, act: Callable[[Gateway, str], T]) -> T:
    """Act with the person's access; once more with a renewed one when KSeF says that it is over (F12)."""
    actor.require(Right.SEND)
    environment = company.environment
    with gateway_for(environment) as gateway:
        for _ in range(2):
            token = obtain_access(
                gateway=gateway, company=company, environment=environment, user_id=actor.user_id
            )
            try:
                return act(gateway, token)
            except AccessExpired:
                forget_access(company=company, environment=environment, user_id=actor.user_id)
    raise AccessExpired("KSeF takes no access of this person")


def _report(gateway: Gateway, access_token: str) -> ConnectionReport:
    personal = gateway.permissions.query_personal(access_token)
    logins = every(lambda cursor: gateway.logins.list(access_token, cursor=cursor))
    certificates = every(lambda cursor: gateway.certificates.query(access_token, cursor=cursor))
    return ConnectionReport(
        checked_at=timezone.now(),
        is_owner=bool(personal.owner_permissions),
        rights=tuple(
            sorted({*personal.owner_permissions, *(permission.scope for permission in personal.items)})
        ),
        logins=tuple(islice(logins, _MOST_SHOWN)),
        sends_per_hour=gateway.limits.get_rate_limits(access_token).of(RateGroup.INVOICE_SEND).per_hour,
        invoices_per_session=gateway.limits.get_context_limits(access_token).online.invoices,
        certificate_limits=gateway.certificates.get_limits(access_token),
        certificates=tuple(islice(certificates, _MOST_SHOWN)),
    )
