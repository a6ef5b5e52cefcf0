"""Access to KSeF for whoever sends or reads: tokens renewed without a person, by one worker at a time (S26-S30)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import KSeFCredential
from accounts.services.credential_store import (
    NotConnected,
    Owner,
    access_fields,
    change,
    find_active,
    is_in_use,
    open_of,
    renewed_fields,
)
from ksef.errors import AccessExpired, CredentialUnusable, KSeFError, Refused, Unavailable
from ksef.gateway import CertificateCredential, Endpoint, Environment, Gateway, TokenCredential
from ksef.status import LoginFate, login_fate
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from accounts.models import Company
    from ksef.gateway import AccessToken, Credential
    from ksef.pacing import Gate

__all__ = ["NotConnected", "endpoint_for", "forget_access", "gateway_for", "obtain_access", "renew_ahead"]

# A token is renewed before it can expire under a request that is on its way.
_RESERVE = timedelta(seconds=60)
# KSeF counts log-ins per address, for all companies together: a refused credential is not tried at every send.
_REFUSAL_HOLDS = timedelta(hours=1)
# How long one worker may take to renew before another takes over; longer than any call of the gateway.
_RENEWAL_LEASE = timedelta(seconds=40)
_RENEWAL_LOOK = 0.1
_USE_NOTED_EVERY = timedelta(minutes=5)
KEY_SEPARATOR = b"\n--kwit-key--\n"


class WrongEnvironment(Exception):
    """A credential of one environment was about to be used at another: a programming error (V40)."""


def endpoint_for(environment: str) -> Endpoint:
    api_url, qr_url = settings.KSEF_ADDRESSES[environment]
    return Endpoint(
        environment=Environment(environment),
        api_url=api_url,
        qr_url=qr_url,
        is_local=settings.KSEF_IS_SIMULATED or environment == Environment.SIMULATOR,
    )


def gateway_for(environment: str, *, gate: Gate | None = None) -> Gateway:
    return Gateway(endpoint_for(environment), timeout=settings.KSEF_TIMEOUT, gate=gate)


def obtain_access(*, gateway: Gateway, company: Company, environment: str, user_id: uuid.UUID) -> str:
    """An access token good for at least a minute, renewed or logged in for as needed (S27-S30).

    Of many who ask at once one renews and the others get what it brings (F12). Calls KSeF, so no transaction may
    be open. Raises NotConnected, or a KSeFError that time may heal.
    """
    _require_environment(gateway, environment)
    owner = Owner(company.id, user_id, environment)
    deadline = time.monotonic() + _RENEWAL_LEASE.total_seconds()
    while True:
        credential = _load(owner)
        _note_use(credential)
        if _is_good(credential.access_valid_until):
            return open_of(credential, "access_token").decode()
        if _take_renewal(credential):
            return _renew_as_leader(gateway, credential, nip=company.nip)
        if time.monotonic() > deadline:
            raise Unavailable("another worker is still renewing this access")
        time.sleep(_RENEWAL_LOOK)


def renew_ahead(owner: Owner, *, nip: str) -> None:
    """Renew an access token that is in use before it ends (S30); nothing when another renews or none is needed.

    Calls KSeF, so no transaction may be open. Whatever goes wrong is written to the credential and tried again
    when somebody needs the access.
    """
    try:
        credential = _load(owner)
        if not is_in_use(credential):
            change(credential)  # The timer stops until somebody uses the access again.
            return
        if not _take_renewal(credential):
            return
        with gateway_for(owner.environment) as gateway:
            _renew_as_leader(gateway, credential, nip=nip)
    except (NotConnected, KSeFError):
        return


def forget_access(*, company: Company, environment: str, user_id: uuid.UUID) -> None:
    """Drop the access token that KSeF answered with 401, so that the next call renews it (F12)."""
    with tenant_transaction(company.id, user_id=user_id):
        KSeFCredential.objects.filter(user_id=user_id, environment=environment, is_active=True).update(
            access_token=None, access_valid_until=None
        )


def _require_environment(gateway: Gateway, environment: str) -> None:
    if gateway.endpoint.environment != environment:
        raise WrongEnvironment(f"{environment} at {gateway.endpoint.environment}")


def _load(owner: Owner) -> KSeFCredential:
    now = timezone.now()
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        credential = find_active(owner)
        if credential is None:
            raise NotConnected("not_connected")
        if credential.refused_at and credential.refused_at > now - _REFUSAL_HOLDS:
            raise NotConnected("refused")
        return credential


def _note_use(credential: KSeFCredential) -> None:
    now = timezone.now()
    if credential.used_at is None or credential.used_at < now - _USE_NOTED_EVERY:
        change(credential, used_at=now)


def _take_renewal(credential: KSeFCredential) -> bool:
    now = timezone.now()
    with tenant_transaction(credential.company_id, user_id=credential.user_id):
        return bool(
            KSeFCredential.objects.filter(id=credential.id)
            .filter(Q(renewing_until=None) | Q(renewing_until__lt=now))
            .update(renewing_until=now + _RENEWAL_LEASE)
        )


def _renew_as_leader(gateway: Gateway, credential: KSeFCredential, *, nip: str) -> str:
    try:
        return _renew(gateway, credential, nip=nip)
    except (NotConnected, KSeFError) as error:
        problem = error.problem if isinstance(error, NotConnected) else "unavailable"
        _note(credential, problem)
        raise
    finally:
        _give_renewal_back(credential)


def _renew(gateway: Gateway, credential: KSeFCredential, *, nip: str) -> str:
    fresh = _refresh(gateway, credential)
    if fresh is None:
        return _log_in_again(gateway, credential, nip=nip)
    change(credential, **renewed_fields(credential, fresh))
    return fresh.token


def _refresh(gateway: Gateway, credential: KSeFCredential) -> AccessToken | None:
    """A new access token, or None when the login behind it is over (F13)."""
    if not _is_good(credential.refresh_valid_until):
        return None
    try:
        return gateway.refresh(open_of(credential, "refresh_token").decode())
    except (AccessExpired, Refused):
        return None


def _log_in_again(gateway: Gateway, credential: KSeFCredential, *, nip: str) -> str:
    """With a token, or a key that needs no password; a certificate waits for its user's password (S33)."""
    if credential.kind == KSeFCredential.Kind.CERTIFICATE:
        change(
            credential, access_token=None, access_valid_until=None, refresh_valid_until=_no_later(credential)
        )
        raise NotConnected("access_lapsed")
    try:
        access = gateway.log_in(_credential(credential), nip=nip)
    except (Refused, CredentialUnusable) as refusal:
        if isinstance(refusal, Refused) and login_fate(refusal.code) is not LoginFate.REFUSED:
            raise  # It says nothing about the credential; time may heal it.
        change(credential, refused_at=timezone.now())
        raise NotConnected("refused") from refusal
    change(credential, **access_fields(credential, access))
    return access.access.token


def _no_later(credential: KSeFCredential) -> datetime:
    """KSeF may end a login before its time; from then on it counts as ended."""
    now = timezone.now()
    return min(credential.refresh_valid_until or now, now)


def _credential(row: KSeFCredential) -> Credential:
    secret = open_of(row, "secret")
    if row.kind == KSeFCredential.Kind.TOKEN:
        return TokenCredential(secret.decode())
    certificate_pem, _separator, key_pem = secret.partition(KEY_SEPARATOR)
    return CertificateCredential(certificate_pem=certificate_pem, key_pem=key_pem)


def _note(credential: KSeFCredential, problem: str) -> None:
    with tenant_transaction(credential.company_id, user_id=credential.user_id):
        KSeFCredential.objects.filter(id=credential.id).update(problem=problem, problem_at=timezone.now())


def _give_renewal_back(credential: KSeFCredential) -> None:
    with tenant_transaction(credential.company_id, user_id=credential.user_id):
        KSeFCredential.objects.filter(id=credential.id).update(renewing_until=None)


def _is_good(valid_until: datetime | None) -> bool:
    return valid_until is not None and valid_until > timezone.now() + _RESERVE
