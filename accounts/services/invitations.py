"""Inviting people by mail: a link that works once, for a week, for the address it was sent to."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import Company, Invitation, User
from accounts.selectors.invitations import Ended, find_offer, hash_of
from accounts.services.mails import mail_invitation
from roles.access import Right, actor_of
from roles.audit import record
from roles.models import Membership, Role
from roles.services.administrators import lock_members
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor

VALID_FOR: Final = timedelta(days=7)


def invite_person(*, actor: Actor, email: str, role_id: uuid.UUID) -> Invitation:
    """Keep the invitation, then send its link; whether the address has an account elsewhere plays no part.

    Opens its own transaction, since a mail server must not hold one up. Raises RuleBroken: no_such_role,
    is_member, was_member, already_invited; and MailFailed, after which the invitation is there and its letter
    can be sent again (F45).
    """
    actor.require(Right.USERS)
    email = email.lower()
    now = timezone.now()
    token = _new_token(actor.company_id)
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        lock_members(actor.company_id)
        role = Role.objects.filter(id=role_id).first()
        if role is None:
            raise RuleBroken("no_such_role", field="role")
        _require_stranger(actor, email)
        invitation = Invitation.objects.create(
            company_id=actor.company_id,
            email=email,
            role=role,
            invited_by_id=actor.user_id,
            created_at=now,
            token_hash=hash_of(token),
            expires_at=now + VALID_FOR,
        )
        _record(actor, "member_invited", invitation)
    _mail(actor, invitation, token)
    return invitation


def resend_invitation(*, actor: Actor, invitation_id: uuid.UUID) -> Invitation:
    """Send a new link, good for a week from now; the one before it stops working.

    Raises RuleBroken: invitation_ended; and MailFailed, after which it may be tried again.
    """
    actor.require(Right.USERS)
    token = _new_token(actor.company_id)
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        invitation = _lock_pending(invitation_id)
        invitation.token_hash = hash_of(token)
        invitation.expires_at = timezone.now() + VALID_FOR
        # Whoever sends it answers for it from now on.
        invitation.invited_by_id = actor.user_id
        invitation.mailed_at = None
        invitation.save(update_fields=["token_hash", "expires_at", "invited_by", "mailed_at"])
        _record(actor, "invitation_resent", invitation)
    _mail(actor, invitation, token)
    return invitation


def withdraw_invitation(*, actor: Actor, invitation_id: uuid.UUID) -> Invitation:
    """End an invitation that nobody has accepted. Raises RuleBroken: invitation_ended."""
    actor.require(Right.USERS)
    invitation = _lock_pending(invitation_id)
    invitation.withdrawn_at = timezone.now()
    _record(actor, "invitation_withdrawn", invitation)
    invitation.role = None
    invitation.save(update_fields=["withdrawn_at", "role"])
    return invitation


def accept_invitation(*, user: User, token: str) -> Company:
    """Let the invited person in, in the role that was named; the link is used up. Opens its own transaction.

    Raises RuleBroken with what Ended names.
    """
    offer = find_offer(token)
    if isinstance(offer, Ended):
        raise RuleBroken(offer.value)
    if not offer.is_for(user):
        raise RuleBroken(Ended.WRONG_ACCOUNT.value)
    with tenant_transaction(offer.company_id, user_id=user.id):
        lock_members(offer.company_id)
        invitation = Invitation.objects.select_for_update().get(id=offer.invitation_id)
        role_id = invitation.role_id
        # Somebody may have been faster: a second click, an administrator, a new letter.
        if invitation.accepted_at:
            raise RuleBroken(Ended.USED.value)
        if role_id is None or invitation.token_hash != hash_of(token):
            raise RuleBroken(Ended.WITHDRAWN.value)
        membership, is_new = Membership.objects.select_related("company").get_or_create(
            user_id=user.id, company_id=offer.company_id, defaults={"role_id": role_id}
        )
        if not is_new and not membership.is_active:
            # Invited anew at an address that the account has gone by since.
            membership.is_active, membership.role_id = True, role_id
            membership.save(update_fields=["is_active", "role"])
        invitation.accepted_at = timezone.now()
        _record(actor_of(membership), "invitation_accepted", invitation)
        invitation.role = None
        invitation.save(update_fields=["accepted_at", "role"])
    return membership.company


def _new_token(company_id: uuid.UUID) -> str:
    # The company comes first: without it no row can be read, not even this one's.
    return f"{company_id.hex}{secrets.token_urlsafe(32)}"


def _require_stranger(actor: Actor, email: str) -> None:
    member = Membership.objects.filter(company_id=actor.company_id, user__email=email).first()
    if member is not None and member.is_active:
        raise RuleBroken("is_member", field="email")
    if member is not None:
        raise RuleBroken("was_member", field="email")
    if Invitation.objects.filter(email=email, accepted_at=None, withdrawn_at=None).exists():
        raise RuleBroken("already_invited", field="email")


def _lock_pending(invitation_id: uuid.UUID) -> Invitation:
    invitation = Invitation.objects.select_for_update().get(id=invitation_id)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise RuleBroken("invitation_ended")
    return invitation


def _record(actor: Actor, action: str, invitation: Invitation) -> None:
    role = invitation.role.name if invitation.role else ""
    record(actor=actor, action=action, detail={"invitation": str(invitation.id), "role": role})


def _mail(actor: Actor, invitation: Invitation, token: str) -> None:
    """Hand the letter over, then write down that it went; a crash in between only offers to send it again."""
    mail_invitation(
        to=invitation.email,
        token=token,
        company=Company.objects.get(id=actor.company_id),
        sender=User.objects.get(id=actor.user_id),
        expires_at=invitation.expires_at,
    )
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        Invitation.objects.filter(id=invitation.id, token_hash=hash_of(token)).update(
            mailed_at=timezone.now()
        )
