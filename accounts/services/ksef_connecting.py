"""Connecting with a token, choosing between saved methods, and disconnecting (S15-S19, S55-S61)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.domain.tokens import is_of_former_ksef
from accounts.models import KSeFCredential, OfflineCertificate
from accounts.services.credential_store import (
    Owner,
    access_fields,
    find_active,
    lock_company,
    make_active,
    own_credentials,
    publish,
    replace_credential,
    seal_for,
)
from accounts.services.ksef_access import KEY_SEPARATOR, gateway_for
from accounts.services.resuming import resume_sending
from ksef.certificates import self_signed_seal
from ksef.gateway import Environment, TokenCredential
from roles.access import Right
from roles.audit import record
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from accounts.models import Company
    from ksef.gateway import Access, Credential
    from roles.access import Actor

# Where a certificate that nobody vouches for may log in (ksef-protocol 1).
SELF_SIGNED_ENVIRONMENTS = frozenset({Environment.TEST, Environment.SIMULATOR})


def connect_with_token(*, actor: Actor, company: Company, token: str) -> None:
    """Check the token against the environment and the NIP at once, then keep it sealed and use it (S60, S61).

    Calls KSeF, so no transaction may be open. Raises RuleBroken (former_token, S56), Refused or another KSeFError;
    nothing is saved then, and what was saved before stays as it was.
    """
    actor.require(Right.SEND)
    if is_of_former_ksef(token):
        raise RuleBroken("former_token", field="token")
    access = _log_in(TokenCredential(token), company)
    _keep(actor=actor, company=company, kind=KSeFCredential.Kind.TOKEN, secret=token.encode(), access=access)
    resume_sending(Owner(company.id, actor.user_id, company.environment))


def connect_with_self_signed_certificate(*, actor: Actor, company: Company) -> None:
    """Make a key and a certificate for practice and log in with them; test flavours of KSeF only."""
    actor.require(Right.SEND)
    if company.environment not in SELF_SIGNED_ENVIRONMENTS:
        raise RuleBroken("self_signed_refused")
    credential = self_signed_seal(nip=company.nip, name=company.name, now=timezone.now())
    access = _log_in(credential, company)
    secret = credential.certificate_pem + KEY_SEPARATOR + credential.key_pem
    _keep(actor=actor, company=company, kind=KSeFCredential.Kind.PRACTICE, secret=secret, access=access)


def use_method(*, actor: Actor, environment: str, kind: str) -> None:
    """Use another of one's saved methods from now on; the one used so far stays saved (S19).

    Raises RuleBroken method_not_saved.
    """
    actor.require(Right.SEND)
    lock_company(actor.company_id)
    owner = Owner(actor.company_id, actor.user_id, environment)
    chosen = own_credentials(owner).filter(kind=kind).first()
    if chosen is None:
        raise RuleBroken("method_not_saved")
    make_active(chosen)
    record(actor=actor, action="ksef_method_chosen", detail={"environment": environment, "kind": kind})


def disconnect(*, actor: Actor, environment: str, kind: str) -> None:
    """Remove the actor's own credential of one kind; sends that wait for it stay in the queue (S60)."""
    actor.require(Right.SEND)
    owner = Owner(actor.company_id, actor.user_id, environment)
    own_credentials(owner).filter(kind=kind).delete()
    remaining = own_credentials(owner).order_by("-created_at").first()
    if remaining is not None and find_active(owner) is None:
        make_active(remaining)
    publish(owner)
    record(actor=actor, action="ksef_disconnected", detail={"environment": environment, "kind": kind})


def remove_offline_certificate(*, actor: Actor, environment: str) -> None:
    """Forget the actor's offline certificate with its key."""
    actor.require(Right.SEND)
    OfflineCertificate.objects.filter(user_id=actor.user_id, environment=environment).delete()
    publish(Owner(actor.company_id, actor.user_id, environment))
    record(actor=actor, action="offline_certificate_removed", detail={"environment": environment})


def _log_in(credential: Credential, company: Company) -> Access:
    with gateway_for(company.environment) as gateway:
        return gateway.log_in(credential, nip=company.nip)


def _keep(
    *, actor: Actor, company: Company, kind: KSeFCredential.Kind, secret: bytes, access: Access
) -> None:
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        lock_company(company.id)
        credential = KSeFCredential(
            company_id=actor.company_id, user_id=actor.user_id, environment=company.environment, kind=kind
        )
        credential.secret = seal_for(credential, secret, purpose="secret")
        for name, value in access_fields(credential, access).items():
            setattr(credential, name, value)
        replace_credential(credential)
        record(
            actor=actor,
            action="ksef_connected",
            detail={"environment": company.environment, "kind": kind.value},
        )
