"""Certificates without files: a key born here, a request to KSeF, and the pair kept under a password (section 3).

The key is locked and stored before KSeF is asked, so a request that KSeF has counted is never lost with its key.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import CertificateRequest, KSeFCredential
from accounts.services.credential_store import (
    NotConnected,
    Owner,
    certificate_columns,
    find_active,
    lock_company,
    make_active,
    open_of,
    publish,
    seal_for,
)
from accounts.services.ksef_certificates import keep_offline_certificate
from accounts.services.ksef_status import with_access
from ksef.certificates import describe, lock_key
from ksef.csr import build_csr, new_ec_key
from ksef.errors import Refused
from ksef.exchange.certificates import CertificateKind, RevocationReason
from ksef.exchange.certificates import CertificateRequest as Wish
from roles.access import Right
from roles.audit import record
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from django.db import models

    from accounts.models import Company
    from ksef.exchange.certificates import IssuedCertificate
    from ksef.gateway import Gateway
    from roles.access import Actor

_POLL_SECONDS = (0.2, 0.4, 0.8, 1.5)
_ISSUED = 200
_PENDING = 100


@dataclass(frozen=True, slots=True)
class CertificateWish:
    name: str
    kind: CertificateKind
    password: str = field(repr=False)


def request_certificate(*, actor: Actor, company: Company, wish: CertificateWish) -> bool:
    """Have KSeF issue a certificate for a key made here, and use it; False while KSeF has not decided yet.

    Calls KSeF, so no transaction may be open. Raises RuleBroken certificate_needed (25001: only a login by
    certificate may ask), or what KSeF says; a request that KSeF refused leaves nothing.
    """
    actor.require(Right.SEND)
    owner = Owner(company.id, actor.user_id, company.environment)
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        credential = find_active(owner)
        if credential is None or credential.kind == KSeFCredential.Kind.TOKEN:
            raise RuleBroken("certificate_needed")
    key = new_ec_key()
    request = _store_request(owner, wish, locked=lock_key(key, password=wish.password))

    def ask(gateway: Gateway, token: str) -> str:
        data = gateway.certificates.get_enrollment_data(token)
        asked = Wish(name=wish.name, kind=wish.kind, csr=build_csr(data, key))
        return gateway.certificates.enroll(token, asked).reference

    try:
        reference = with_access(actor=actor, company=company, act=ask)
    except (Refused, NotConnected):
        _drop(request)
        raise
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        CertificateRequest.objects.filter(id=request.id).update(reference=reference)
    return finish_request(actor=actor, company=company)


def finish_request(*, actor: Actor, company: Company) -> bool:
    """Fetch the certificate of the actor's open request and use it; False while KSeF has not decided.

    Calls KSeF; safe to repeat. Raises RuleBroken no_certificate_request, or Refused when KSeF will not issue it.
    """
    actor.require(Right.SEND)
    request = _find_request(Owner(company.id, actor.user_id, company.environment))
    if request is None or not request.reference:
        raise RuleBroken("no_certificate_request")

    def follow(gateway: Gateway, token: str) -> IssuedCertificate | None:
        for pause in (*_POLL_SECONDS, None):
            status = gateway.certificates.get_enrollment(token, request.reference)
            if status.status.code == _ISSUED and status.serial_number:
                return gateway.certificates.retrieve(token, [status.serial_number])[0]
            if status.status.code != _PENDING:
                raise Refused(status.status.code, status.status.description, status.status.details)
            if pause is not None:
                time.sleep(pause)
        return None

    try:
        issued = with_access(actor=actor, company=company, act=follow)
    except Refused:
        _drop(request)
        raise
    if issued is None:
        return False
    _adopt(actor, request, x509.load_der_x509_certificate(issued.certificate))
    return True


def revoke_certificate(*, actor: Actor, company: Company, serial: str) -> None:
    """Revoke one of the person's certificates in KSeF, as replaced by another. Calls KSeF; safe to repeat."""
    actor.require(Right.SEND)

    def revoke(gateway: Gateway, token: str) -> None:
        gateway.certificates.revoke(token, serial_number=serial, reason=RevocationReason.SUPERSEDED)

    with_access(actor=actor, company=company, act=revoke)
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        record(
            actor=actor,
            action="ksef_certificate_revoked",
            detail={"environment": company.environment, "serial": serial},
        )


def _store_request(owner: Owner, wish: CertificateWish, *, locked: bytes) -> CertificateRequest:
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        lock_company(owner.company_id)
        _requests(owner).delete()
        request = CertificateRequest(
            company_id=owner.company_id,
            user_id=owner.user_id,
            environment=owner.environment,
            kind=wish.kind.value,
            name=wish.name,
            requested_at=timezone.now(),
        )
        request.secret = seal_for(request, locked, purpose="secret")
        request.save(force_insert=True)
    return request


def _find_request(owner: Owner) -> CertificateRequest | None:
    with tenant_transaction(owner.company_id, user_id=owner.user_id):
        return _requests(owner).first()


def _drop(request: CertificateRequest) -> None:
    with tenant_transaction(request.company_id, user_id=request.user_id):
        CertificateRequest.objects.filter(id=request.id).delete()


def _adopt(actor: Actor, request: CertificateRequest, certificate: x509.Certificate) -> None:
    """Put the new pair in the place of the former one; the access that is running stays as it is."""
    with tenant_transaction(request.company_id, user_id=request.user_id):
        lock_company(request.company_id)
        locked = open_of(request, "secret")
        facts = describe(certificate)
        if request.kind == CertificateKind.OFFLINE:
            keep_offline_certificate(actor=actor, certificate=certificate, facts=facts, key=locked)
        else:
            credential = _certificate_credential(request)
            for name, value in certificate_columns(certificate, facts).items():
                setattr(credential, name, value)
            credential.secret = seal_for(credential, locked, purpose="secret")
            credential.save()
            make_active(credential)
        CertificateRequest.objects.filter(id=request.id).delete()
        publish(Owner(request.company_id, request.user_id, request.environment))
        record(
            actor=actor,
            action="ksef_certificate_issued",
            detail={
                "environment": request.environment,
                "kind": request.kind,
                "serial": facts.serial_number,
            },
        )


def _certificate_credential(request: CertificateRequest) -> KSeFCredential:
    """The certificate in use, or a new row without access: its user's password then opens the first one."""
    owner = Owner(request.company_id, request.user_id, request.environment)
    kind = KSeFCredential.Kind.CERTIFICATE
    found = KSeFCredential.objects.filter(user_id=owner.user_id, environment=owner.environment, kind=kind)
    return found.first() or KSeFCredential(
        company_id=owner.company_id,
        user_id=owner.user_id,
        environment=owner.environment,
        kind=kind,
        is_active=False,
    )


def _requests(owner: Owner) -> models.QuerySet[CertificateRequest]:
    return CertificateRequest.objects.filter(user_id=owner.user_id, environment=owner.environment)
