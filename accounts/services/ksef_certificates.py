"""Certificates of the ministry: uploading them, and renewing access with their password (S20-S36, S39-S43).

A password lives in the request that brought it and nowhere else (S25). Keys rest encrypted under it, and sealed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import Company, KSeFCredential, OfflineCertificate
from accounts.selectors import list_own_certificates
from accounts.services.credential_store import (
    Owner,
    access_fields,
    certificate_columns,
    lock_company,
    open_of,
    publish,
    replace_credential,
    seal_for,
)
from accounts.services.ksef_access import gateway_for
from accounts.services.resuming import resume_sending
from ksef.certificates import (
    CertificateFacts,
    SigningKey,
    Upload,
    check_usable,
    inspect_key,
    lock_key,
    open_key,
    read_certificate,
    read_upload,
)
from ksef.errors import KSeFError
from ksef.exchange.certificates import CertificateKind
from roles.access import Right, find_actor
from roles.audit import record
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from cryptography import x509

    from accounts.selectors import OwnCertificate
    from ksef.gateway import Access
    from roles.access import Actor


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """What the form brought: a certificate and its key, or one PKCS#12 file with both, and the password."""

    certificate: bytes = field(repr=False)
    key: bytes | None = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one company; `error` is None when its access works now."""

    company: Company
    error: KSeFError | None


def connect_with_certificate(
    *, actor: Actor, company: Company, files: CertificateFiles, also: Sequence[uuid.UUID] = ()
) -> tuple[Outcome, ...]:
    """Log in with the certificate, keep it, and use it, in this company and in the person's others that are named.

    The password is used here, once (S26). Calls KSeF, so no transaction may be open. Raises UnusableFile, or what
    KSeF says about this company; then nothing at all is saved (S31). The others' failures are in the outcomes.
    """
    actor.require(Right.SEND)
    upload = read_upload(
        certificate=files.certificate,
        key=files.key,
        password=files.password,
        kind=CertificateKind.AUTHENTICATION,
        now=timezone.now(),
    )
    locked = lock_key(upload.key, password=files.password)
    environment = company.environment
    _connect(company, upload, actor=actor, environment=environment, locked=locked)
    return (
        Outcome(company, None),
        *(
            _try_company(other, upload, actor=other_actor, environment=environment, locked=locked)
            for other, other_actor in _own_companies(actor, among=also)
        ),
    )


def use_certificate_here(*, actor: Actor, company: Company, fingerprint: str, password: str) -> None:
    """Connect this company by a certificate that the person has uploaded in another one.

    Calls KSeF, so no transaction may be open. Raises RuleBroken no_certificate, UnusableFile for a wrong password,
    or what KSeF says; nothing is saved then.
    """
    actor.require(Right.SEND)
    source = next(
        (
            own
            for own in list_own_certificates(actor.user_id, environment=company.environment)
            if own.fingerprint == fingerprint
        ),
        None,
    )
    if source is None:
        raise RuleBroken("no_certificate")
    locked, upload = _reopen(source, password=password)
    _connect(company, upload, actor=actor, environment=company.environment, locked=locked)


def renew_access(*, actor: Actor, environment: str, password: str) -> tuple[Outcome, ...]:
    """Log in anew with the certificate already saved, for every company of the person that it serves (S34, S35).

    Only the password is asked for. Calls KSeF, so no transaction may be open. Raises RuleBroken no_certificate, or
    UnusableFile when the password is wrong or the certificate is over; then nothing has changed.
    """
    actor.require(Right.SEND)
    owned = list_own_certificates(actor.user_id, environment=environment)
    here = next((own for own in owned if own.company_id == actor.company_id), None)
    if here is None:
        raise RuleBroken("no_certificate")
    locked, upload = _reopen(here, password=password)
    served = [own.company_id for own in owned if own.fingerprint == here.fingerprint]
    return tuple(
        _try_company(company, upload, actor=company_actor, environment=environment, locked=locked)
        for company, company_actor in _own_companies(actor, among=served)
    )


def save_offline_certificate(*, actor: Actor, certificate: bytes, key: bytes) -> CertificateFacts:
    """Keep the certificate that vouches for the issuer, with its key as it is: no password is asked (S39-S43).

    In the caller's transaction. Raises UnusableFile, or RuleBroken key_unprotected: a key without a password
    would let the portal sign whenever it likes.
    """
    actor.require(Right.SEND)
    loaded = read_certificate(certificate)
    facts = check_usable(loaded, kind=CertificateKind.OFFLINE, now=timezone.now())
    if not inspect_key(key).is_encrypted:
        raise RuleBroken("key_unprotected", field="key")
    return keep_offline_certificate(actor=actor, certificate=loaded, facts=facts, key=key)


def keep_offline_certificate(
    *, actor: Actor, certificate: x509.Certificate, facts: CertificateFacts, key: bytes
) -> CertificateFacts:
    """Put an offline certificate in the place of the actor's former one; its key is encrypted already."""
    actor.require(Right.SEND)
    environment = Company.objects.get(id=actor.company_id).environment
    lock_company(actor.company_id)
    OfflineCertificate.objects.filter(user_id=actor.user_id, environment=environment).delete()
    row = OfflineCertificate(
        company_id=actor.company_id,
        user_id=actor.user_id,
        environment=environment,
        **certificate_columns(certificate, facts),
    )
    row.secret = seal_for(row, key, purpose="secret")
    row.save(force_insert=True)
    publish(Owner(actor.company_id, actor.user_id, environment))
    record(
        actor=actor,
        action="offline_certificate_saved",
        detail={"environment": environment, "serial": facts.serial_number},
    )
    return facts


def open_offline_certificate(
    *, actor: Actor, environment: str, password: str
) -> tuple[OfflineCertificate, SigningKey]:
    """The actor's offline certificate with its key opened, for signing one print-out (S44).

    Raises RuleBroken no_offline_certificate (S49), or UnusableFile for a wrong password (S48).
    """
    actor.require(Right.VIEW)
    row = OfflineCertificate.objects.filter(user_id=actor.user_id, environment=environment).first()
    if row is None:
        raise RuleBroken("no_offline_certificate")
    return row, open_key(open_of(row, "secret"), password=password)


def _reopen(own: OwnCertificate, *, password: str) -> tuple[bytes, Upload]:
    """The locked key as it is kept, and the pair opened with the password."""
    with tenant_transaction(own.company_id, user_id=own.user_id):
        credential = KSeFCredential.objects.get(id=own.credential_id)
        locked, certificate = open_of(credential, "secret"), bytes(credential.certificate or b"")
    upload = read_upload(
        certificate=certificate,
        key=locked,
        password=password,
        kind=CertificateKind.AUTHENTICATION,
        now=timezone.now(),
    )
    return locked, upload


def _own_companies(actor: Actor, *, among: Sequence[uuid.UUID]) -> list[tuple[Company, Actor]]:
    """Those of the named companies in which this person may send, each with the person as an actor there."""
    companies = Company.objects.filter(id__in=among).order_by("name")
    acting = ((company, find_actor(user_id=actor.user_id, company_id=company.id)) for company in companies)
    return [(company, there) for company, there in acting if there is not None and there.may(Right.SEND)]


def _try_company(
    company: Company, upload: Upload, *, actor: Actor, environment: str, locked: bytes
) -> Outcome:
    try:
        _connect(company, upload, actor=actor, environment=environment, locked=locked)
    except KSeFError as error:
        return Outcome(company, error)
    return Outcome(company, None)


def _connect(company: Company, upload: Upload, *, actor: Actor, environment: str, locked: bytes) -> None:
    """Log in first, then save: what KSeF refuses leaves no trace (S31)."""
    with gateway_for(environment) as gateway:
        access = gateway.log_in(upload.credential(), nip=company.nip)
    owner = Owner(company.id, actor.user_id, environment)
    _keep(owner, upload, actor=actor, locked=locked, access=access)
    resume_sending(owner)


def _keep(owner: Owner, upload: Upload, *, actor: Actor, locked: bytes, access: Access) -> None:
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        lock_company(owner.company_id)
        credential = KSeFCredential(
            company_id=owner.company_id,
            user_id=owner.user_id,
            environment=owner.environment,
            kind=KSeFCredential.Kind.CERTIFICATE,
            **certificate_columns(upload.certificate, upload.facts),
        )
        credential.secret = seal_for(credential, locked, purpose="secret")
        for name, value in access_fields(credential, access).items():
            setattr(credential, name, value)
        replace_credential(credential)
        record(
            actor=actor,
            action="ksef_connected",
            detail={
                "environment": owner.environment,
                "kind": KSeFCredential.Kind.CERTIFICATE.value,
                "serial": upload.facts.serial_number,
            },
        )
