"""A user's access to KSeF: connecting once, then tokens renewed without a person (S26-S30, S53, S60-S61)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import Company, KSeFCredential
from ksef.certificates import self_signed_seal
from ksef.errors import AccessExpired, CredentialUnusable, Refused
from ksef.gateway import CertificateCredential, Endpoint, Environment, Gateway, TokenCredential
from ksef.status import LoginFate, login_fate
from roles.access import Right
from roles.audit import record
from roles.tenancy import tenant_transaction
from roles.vault import CannotOpen, Label, seal, unseal

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from ksef.gateway import Access, AccessToken, Credential
    from roles.access import Actor

log = structlog.get_logger()

# A token is renewed before it can expire under a request that is on its way.
_RESERVE = timedelta(seconds=60)
# KSeF counts log-ins per address, for all companies together: a refused credential is not tried at every send.
_REFUSAL_HOLDS = timedelta(hours=1)
_KEY_SEPARATOR = b"\n--kwit-key--\n"
# Where a certificate that nobody vouches for may log in (ksef-protocol 1).
SELF_SIGNED_ENVIRONMENTS = frozenset({Environment.TEST, Environment.SIMULATOR})


class NotConnected(Exception):
    """This user has no credential for this company and environment, or none that KSeF or we can use."""


def endpoint_for(environment: str) -> Endpoint:
    api_url, qr_url = settings.KSEF_ADDRESSES[environment]
    return Endpoint(
        environment=Environment(environment),
        api_url=api_url,
        qr_url=qr_url,
        is_local=bool(settings.KSEF_SIMULATOR_URL) and api_url.startswith(settings.KSEF_SIMULATOR_URL),
    )


def gateway_for(environment: str) -> Gateway:
    return Gateway(endpoint_for(environment), timeout=settings.KSEF_TIMEOUT)


def connect_with_token(*, actor: Actor, company: Company, token: str) -> None:
    """Check the token against the environment and the NIP at once, then keep it sealed (S60, S61).

    Calls KSeF, so no transaction may be open. Raises Refused or another KSeFError; nothing is saved then.
    """
    actor.require(Right.SEND)
    credential = TokenCredential(token)
    access = _log_in(credential, company)
    _keep(actor=actor, company=company, kind=KSeFCredential.Kind.TOKEN, secret=token.encode(), access=access)


def connect_with_self_signed_certificate(*, actor: Actor, company: Company) -> None:
    """Make a key and a certificate for practice and log in with them; test flavours of KSeF only."""
    actor.require(Right.SEND)
    if company.environment not in SELF_SIGNED_ENVIRONMENTS:
        raise RuleBroken("self_signed_refused")
    credential = self_signed_seal(nip=company.nip, name=company.name, now=timezone.now())
    access = _log_in(credential, company)
    secret = credential.certificate_pem + _KEY_SEPARATOR + credential.key_pem
    _keep(actor=actor, company=company, kind=KSeFCredential.Kind.CERTIFICATE, secret=secret, access=access)


def disconnect(*, actor: Actor, environment: str) -> None:
    """Remove the actor's own credential; sends that wait for it stay in the queue."""
    actor.require(Right.SEND)
    KSeFCredential.objects.filter(user_id=actor.user_id, environment=environment).delete()
    record(actor=actor, action="ksef_disconnected", detail={"environment": environment})


def obtain_access(*, gateway: Gateway, company: Company, environment: str, user_id: uuid.UUID) -> str:
    """An access token good for at least a minute, renewed or logged in for as needed (S27-S30).

    Calls KSeF, so no transaction may be open. Raises NotConnected, or a KSeFError that time may heal.
    """
    with tenant_transaction(company.id, user_id=user_id):
        credential = KSeFCredential.objects.filter(user_id=user_id, environment=environment).first()
        if credential is None:
            raise NotConnected("no credential")
        if credential.refused_at and credential.refused_at > timezone.now() - _REFUSAL_HOLDS:
            raise NotConnected("refused lately")
        if _is_good(credential.access_valid_until):
            return _open(credential, "access_token")
    try:
        return _renew(gateway, credential)
    except (AccessExpired, Refused):
        return _log_in_again(gateway, credential, nip=company.nip)


def forget_access(*, company: Company, environment: str, user_id: uuid.UUID) -> None:
    """Drop the access token that KSeF answered with 401, so that the next call renews it (F12)."""
    with tenant_transaction(company.id, user_id=user_id):
        KSeFCredential.objects.filter(user_id=user_id, environment=environment).update(
            access_token=None, access_valid_until=None
        )


def _log_in(credential: Credential, company: Company) -> Access:
    with gateway_for(company.environment) as gateway:
        return gateway.log_in(credential, nip=company.nip)


def _keep(
    *, actor: Actor, company: Company, kind: KSeFCredential.Kind, secret: bytes, access: Access
) -> None:
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        # Two clicks at once follow each other, and the later one stays (S90).
        Company.objects.select_for_update(no_key=True).get(id=company.id)
        KSeFCredential.objects.filter(user_id=actor.user_id, environment=company.environment).delete()
        credential = KSeFCredential(
            company_id=actor.company_id, user_id=actor.user_id, environment=company.environment, kind=kind
        )
        credential.secret = seal(secret, label=_label(credential, "secret"))
        credential.save()
        _change(credential, **_sealed(credential, access=access.access, refresh=access.refresh))
        record(
            actor=actor,
            action="ksef_connected",
            detail={"environment": company.environment, "kind": kind.value},
        )


def _log_in_again(gateway: Gateway, credential: KSeFCredential, *, nip: str) -> str:
    try:
        access = gateway.log_in(_credential(credential), nip=nip)
    except (Refused, CredentialUnusable) as refusal:
        if isinstance(refusal, Refused) and login_fate(refusal.code) is not LoginFate.REFUSED:
            raise  # It says nothing about the credential; time may heal it.
        _change(credential, refused_at=timezone.now())
        raise NotConnected(str(refusal)) from refusal
    _change(credential, refused_at=None, **_sealed(credential, access=access.access, refresh=access.refresh))
    return access.access.token


def _renew(gateway: Gateway, credential: KSeFCredential) -> str:
    if not _is_good(credential.refresh_valid_until):
        raise AccessExpired
    fresh = gateway.refresh(_open(credential, "refresh_token"))
    _change(credential, **_sealed(credential, access=fresh))
    return fresh.token


def _change(credential: KSeFCredential, **fields: object) -> None:
    """Write to the row only while it is there: what its user has removed must not come back."""
    with tenant_transaction(credential.company_id, user_id=credential.user_id):
        if not KSeFCredential.objects.filter(id=credential.id).update(**fields):
            raise NotConnected("removed meanwhile")


def _sealed(credential: KSeFCredential, **tokens: AccessToken) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, token in tokens.items():
        label = _label(credential, f"{name}_token")
        fields[f"{name}_token"] = seal(token.token.encode(), label=label)
        fields[f"{name}_valid_until"] = token.valid_until
    return fields


def _credential(row: KSeFCredential) -> Credential:
    secret = _unseal(row, "secret")
    if row.kind == KSeFCredential.Kind.TOKEN:
        return TokenCredential(secret.decode())
    certificate_pem, _separator, key_pem = secret.partition(_KEY_SEPARATOR)
    return CertificateCredential(certificate_pem=certificate_pem, key_pem=key_pem)


def _open(credential: KSeFCredential, purpose: str) -> str:
    return _unseal(credential, purpose).decode()


def _unseal(credential: KSeFCredential, purpose: str) -> bytes:
    try:
        return unseal(bytes(getattr(credential, purpose)), label=_label(credential, purpose))
    except CannotOpen as error:
        # The wrapping key is gone, which only its owner's connecting anew can mend.
        log.error("a sealed credential does not open", credential=str(credential.id), purpose=purpose)  # noqa: TRY400 -- the trace tells nothing
        raise NotConnected(str(error)) from error


def _label(credential: KSeFCredential, purpose: str) -> Label:
    return Label(
        company_id=credential.company_id, user_id=credential.user_id, object_id=credential.id, purpose=purpose
    )


def _is_good(valid_until: datetime | None) -> bool:
    return valid_until is not None and valid_until > timezone.now() + _RESERVE
