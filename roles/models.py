"""Roles, memberships and the log of refusals."""

from __future__ import annotations

import uuid
from typing import override

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from roles.tenancy import TenantModel


class Role(TenantModel):
    """A named set of rights inside one company; what the rights mean stands in roles.access."""

    name = models.CharField(max_length=60)
    rights = ArrayField(models.CharField(max_length=30))
    # Counts the changes, so that a form opened before the last one is refused.
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="role_company_id"),
            models.UniqueConstraint(fields=["company", "name"], name="role_company_name"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Who belongs to which company, in which role. Global: it is read to find out which company may be entered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    company = models.ForeignKey("accounts.Company", on_delete=models.PROTECT, related_name="memberships")
    # The database holds the composite key (company, role), so a role of another company is refused.
    role = models.ForeignKey(Role, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="membership_user_company")]

    @override
    def __str__(self) -> str:
        return f"{self.user_id} in {self.company_id}"


class AuditEntry(TenantModel):
    """One refused or security-relevant act (S78). The database lets nobody change or delete it."""

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["company", "id"], name="auditentry_company_id")]
        indexes = [models.Index(fields=["company", "-at"], name="auditentry_company_at")]

    @override
    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
