"""Users, companies and the credentials a user keeps for one company and environment."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, override

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from roles.tenancy import TenantModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person; logs in by e-mail address and belongs to any number of companies."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("Adres e-mail"), unique=True)
    full_name = models.CharField(_("Imię i nazwisko"), max_length=120)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    objects: ClassVar[UserManager] = UserManager()

    @override
    def __str__(self) -> str:
        return self.full_name or self.email


class Company(models.Model):
    """A taxpayer with one NIP: the tenant. Global, because it is found by its address before it may be entered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=512)
    # Not unique: two tenants may serve one taxpayer, and "taken" would tell one of the other.
    nip = models.CharField(max_length=10)
    address_line1 = models.CharField(max_length=512)
    address_line2 = models.CharField(max_length=512, blank=True)
    bank_account = models.CharField(max_length=34, blank=True)
    environment = models.CharField(max_length=20)
    # KSeF counts calls per company: after "too many requests" nothing of this company goes out before then (F8).
    ksef_wait_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @override
    def __str__(self) -> str:
        return self.name


class KSeFCredential(TenantModel):
    """One user's way into KSeF for one company and environment (S51-S53).

    Secrets are sealed by roles.vault; the policy in the database shows the row to its user only.
    """

    class Kind(models.TextChoices):
        TOKEN = "token", _("Token")
        CERTIFICATE = "certificate", _("Certyfikat")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    secret = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    # What KSeF gave for it; empty until the first log-in and after access was refused.
    access_token = models.BinaryField(null=True)
    access_valid_until = models.DateTimeField(null=True)
    refresh_token = models.BinaryField(null=True)
    refresh_valid_until = models.DateTimeField(null=True)
    # When KSeF last refused the log-in itself: asking again and again would use up the limits of all (F15).
    refused_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="ksefcredential_company_id"),
            models.UniqueConstraint(
                fields=["company", "user", "environment"], name="ksefcredential_one_per_user_and_environment"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} ({self.environment})"
