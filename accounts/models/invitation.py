"""Invitations into a company."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models

from roles.models import Role
from roles.tenancy import TenantModel


class Invitation(TenantModel):
    """Somebody asked to join, by mail. The link holds the secret; here is its hash only.

    It ends in one of three ways: accepted, withdrawn, or by time.
    """

    email = models.EmailField()
    # Empty once it has ended, so that a role which nobody needs any more can be deleted.
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, db_constraint=False, related_name="+")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # SHA-256 of the token; each new letter brings a new one, and the link before it is dead.
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    # When the last letter was handed over; empty when the mail server did not take it (F45).
    mailed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="invitation_company_id"),
            models.UniqueConstraint(
                fields=["company", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_one_pending",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"invitation {self.id}"
