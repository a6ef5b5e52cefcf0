"""Credentials as rows: sealing what is secret, writing what KSeF gave, and saying how long it lasts.

No other module reads or writes the sealed columns. Everything here is short transactions; KSeF is never called.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from accounts.domain.access import ACCESS_NOTICES, CERTIFICATE_NOTICES, next_notice_at
from accounts.models import (
    AccessState,
    AccessTimer,
    CertificateRequest,
    Company,
    KSeFCredential,
    OfflineCertificate,
)
from roles.tenancy import tenant_transaction
from roles.vault import CannotOpen, Label, seal, unseal

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from cryptography import x509
    from django.db import models

    from ksef.certificates import CertificateFacts as Facts
    from ksef.exchange import Access, AccessToken

log = structlog.get_logger()

# An access token is renewed in the background this long before its end (S30), while somebody uses it.
_RENEW_BEFORE = timedelta(minutes=3)
_IN_USE = timedelta(minutes=30)

type Sealable = KSeFCredential | OfflineCertificate | CertificateRequest


class NotConnected(Exception):
    """This user cannot act in KSeF for this company and environment; `problem` says why, as a code of ours."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose credential: one user, in one company and environment (S51-S53)."""

    company_id: uuid.UUID
    user_id: uuid.UUID
    environment: str


def owner_of(row: Sealable) -> Owner:
    return Owner(row.company_id, row.user_id, row.environment)


def find_active(owner: Owner) -> KSeFCredential | None:
    """The credential that is used, in the caller's transaction."""
    return own_credentials(owner).filter(is_active=True).first()


def lock_company(company_id: uuid.UUID) -> None:
    """Let changes of credentials in one company follow each other: the later of two clicks stays (S90)."""
    Company.objects.select_for_update(no_key=True).get(id=company_id)


def make_active(credential: KSeFCredential) -> None:
    """Make this the one of its owner's credentials that is used."""
    owner = Owner(credential.company_id, credential.user_id, credential.environment)
    own_credentials(owner).exclude(id=credential.id).update(is_active=False)
    own_credentials(owner).filter(id=credential.id).update(is_active=True)
    publish(owner)


def replace_credential(credential: KSeFCredential) -> None:
    """Put the credential in the place of its owner's former one of the same kind, and use it."""
    owner = Owner(credential.company_id, credential.user_id, credential.environment)
    own_credentials(owner).filter(kind=credential.kind).delete()
    credential.is_active = False
    credential.save(force_insert=True)
    make_active(credential)


def own_credentials(owner: Owner) -> models.QuerySet[KSeFCredential]:
    """Every method this person has saved here, in the caller's transaction."""
    return KSeFCredential.objects.filter(user_id=owner.user_id, environment=owner.environment)


def seal_for(row: Sealable, plaintext: bytes, *, purpose: str) -> bytes:
    """A blob that opens in this column of this row only."""
    return seal(plaintext, label=_label(row, purpose))


def open_of(row: Sealable, purpose: str) -> bytes:
    """The plaintext of a sealed column; NotConnected when its wrapping key is gone, which only its owner can mend."""
    try:
        return unseal(bytes(getattr(row, purpose)), label=_label(row, purpose))
    except CannotOpen as error:
        log.error("a sealed credential does not open", credential=str(row.id), purpose=purpose)  # noqa: TRY400 -- the trace tells nothing
        raise NotConnected("unreadable_credential") from error


def change(credential: KSeFCredential, **fields: object) -> None:
    """Write to the row only while it is there: what its user has removed must not come back."""
    with tenant_transaction(credential.company_id, user_id=credential.user_id):
        row = KSeFCredential.objects.filter(id=credential.id)
        if not (row.update(**fields) if fields else row.exists()):
            raise NotConnected("not_connected")
        publish(owner_of(credential))


def certificate_columns(certificate: x509.Certificate, facts: Facts) -> dict[str, object]:
    """What a row keeps of a certificate in the open."""
    return {
        "certificate": certificate.public_bytes(Encoding.DER),
        "fingerprint": facts.fingerprint,
        "subject": facts.common_name,
        "serial": facts.serial_number,
        "certificate_from": facts.valid_from,
        "certificate_until": facts.valid_to,
    }


def access_fields(credential: KSeFCredential, access: Access) -> dict[str, object]:
    """What a new login changes in the row."""
    return {
        "login_reference": access.authentication_reference,
        "refused_at": None,
        "problem": "",
        "problem_at": None,
        **_sealed(credential, access=access.access, refresh=access.refresh),
    }


def renewed_fields(credential: KSeFCredential, fresh: AccessToken) -> dict[str, object]:
    """What a refreshed access token changes in the row."""
    return {"problem": "", "problem_at": None, **_sealed(credential, access=fresh)}


def publish(owner: Owner) -> None:
    """Bring the dates that the company may see, and the timers of the beat, in line with the active credential.

    In the caller's transaction, after every change of a credential or an offline certificate.
    """
    credential = find_active(owner)
    keys: dict[str, Any] = {"user_id": owner.user_id, "environment": owner.environment}
    timer = AccessTimer.objects.filter(company_id=owner.company_id, **keys)
    if credential is None:
        AccessState.objects.filter(**keys).delete()
        timer.delete()
        return
    AccessState.objects.update_or_create(
        company_id=owner.company_id,
        **keys,
        defaults={
            "kind": credential.kind,
            "access_until": credential.lasts_until,
            "certificate_until": credential.certificate_until,
            "is_refused": credential.refused_at is not None,
        },
    )
    AccessTimer.objects.update_or_create(
        company_id=owner.company_id,
        **keys,
        defaults={"renew_at": _renew_at(credential), "notice_at": _notice_at(owner, credential)},
    )


def is_in_use(credential: KSeFCredential) -> bool:
    """Whether somebody has acted with it in the last half hour."""
    return credential.used_at is not None and credential.used_at >= timezone.now() - _IN_USE


def _renew_at(credential: KSeFCredential) -> datetime | None:
    """Only what is in use is worth a call to KSeF, and only what can still be renewed."""
    now, ends = timezone.now(), credential.access_valid_until
    if credential.refused_at or ends is None or not is_in_use(credential):
        return None
    return ends - _RENEW_BEFORE if (credential.refresh_valid_until or now) > ends else None


def _notice_at(owner: Owner, credential: KSeFCredential) -> datetime | None:
    now = timezone.now()
    offline = OfflineCertificate.objects.filter(user_id=owner.user_id, environment=owner.environment).first()
    ends = (
        (credential.lasts_until, ACCESS_NOTICES),
        (credential.certificate_until, CERTIFICATE_NOTICES),
        (offline.certificate_until if offline else None, CERTIFICATE_NOTICES),
    )
    moments = (next_notice_at(until, notices=notices, now=now) for until, notices in ends if until)
    return min(filter(None, moments), default=None)


def _sealed(credential: KSeFCredential, **tokens: AccessToken) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, token in tokens.items():
        column = f"{name}_token"
        fields[column] = seal_for(credential, token.token.encode(), purpose=column)
        fields[f"{name}_valid_until"] = token.valid_until
    return fields


def _label(row: Sealable, purpose: str) -> Label:
    # A key of one kind of row cannot be opened as that of another (V34).
    kind = "" if isinstance(row, KSeFCredential) else f"{row._meta.model_name} "  # noqa: SLF001 -- Django's documented Meta API
    return Label(company_id=row.company_id, user_id=row.user_id, object_id=row.id, purpose=f"{kind}{purpose}")
