"""What a user keeps to act in KSeF for one company and environment (S51-S53)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, override

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from roles.tenancy import TenantModel

if TYPE_CHECKING:
    from datetime import datetime


class CertificateFacts(models.Model):
    """What a certificate says of itself; public, so it may be shown and searched for."""

    certificate = models.BinaryField(null=True)  # DER
    # SHA-256 of the DER form: one certificate serves several companies, and is renewed for all of them at once.
    fingerprint = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=512, blank=True)
    serial = models.CharField(max_length=64, blank=True)
    certificate_from = models.DateTimeField(null=True)
    certificate_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class KSeFCredential(CertificateFacts, TenantModel):
    """One user's way into KSeF for one company and environment, by one method (S19, S51-S53).

    Secrets are sealed by roles.vault; the policy in the database shows the row to its user only. The secret of a
    certificate is its private key under the user's own password, which is kept nowhere (S25): without it the
    portal can use the access it has, and cannot log in anew.
    """

    class Kind(models.TextChoices):
        CERTIFICATE = "certificate", _("Certyfikat Ministerstwa Finansów")
        TOKEN = "token", _("Token")
        # Self-signed, for environments without legal effect that take such ones; its key needs no password.
        PRACTICE = "practice", _("Certyfikat do ćwiczeń")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Of the methods saved, the one that is used.
    is_active = models.BooleanField(default=True)
    secret = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    # What KSeF gave for it; empty until the first log-in and after access was refused.
    access_token = models.BinaryField(null=True)
    access_valid_until = models.DateTimeField(null=True)
    refresh_token = models.BinaryField(null=True)
    refresh_valid_until = models.DateTimeField(null=True)
    # The login that these tokens came from, so that it can be told apart and ended.
    login_reference = models.CharField(max_length=36, blank=True)
    # When KSeF last refused the log-in itself: asking again and again would use up the limits of all (F15).
    refused_at = models.DateTimeField(null=True)
    # Whoever renews holds this; the others wait for what it brings (F12).
    renewing_until = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    # The last thing that went wrong, as a code of ours, and when.
    problem = models.CharField(max_length=40, blank=True)
    problem_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="ksefcredential_company_id"),
            models.UniqueConstraint(
                fields=["company", "user", "environment", "kind"], name="ksefcredential_once_per_kind"
            ),
            models.UniqueConstraint(
                fields=["company", "user", "environment"],
                condition=models.Q(is_active=True),
                name="ksefcredential_one_active",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} ({self.environment})"

    @property
    def lasts_until(self) -> datetime | None:
        """When this access ends without its user (S28); None for a method that logs in anew by itself."""
        return self.refresh_valid_until if self.kind == self.Kind.CERTIFICATE else None


class OfflineCertificate(CertificateFacts, TenantModel):
    """The certificate that vouches for the issuer on documents without a KSeF number (S39-S45).

    Its key stays as it was uploaded, under the user's password, which is asked for at each print-out and kept nowhere.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    secret = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="offlinecertificate_company_id"),
            models.UniqueConstraint(
                fields=["company", "user", "environment"], name="offlinecertificate_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"offline certificate ({self.environment})"


class CertificateRequest(TenantModel):
    """A certificate asked of KSeF for a key that was made here; there until it is issued or refused.

    The key is locked under the user's password and sealed before KSeF is asked, since each request counts.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    secret = models.BinaryField()
    reference = models.CharField(max_length=36, blank=True)
    requested_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="certificaterequest_company_id"),
            models.UniqueConstraint(
                fields=["company", "user", "environment"], name="certificaterequest_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} certificate asked for"


class AccessState(TenantModel):
    """How long a colleague's access lasts: dates only, and nothing that opens anything.

    The company sees it, so that an administrator can remind somebody (S53 keeps the credential itself unseen).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=KSeFCredential.Kind.choices)
    # Until when it works without its user; empty for a method that logs in by itself.
    access_until = models.DateTimeField(null=True)
    certificate_until = models.DateTimeField(null=True)
    is_refused = models.BooleanField(default=False)
    reminded_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="accessstate_company_id"),
            models.UniqueConstraint(fields=["company", "user", "environment"], name="accessstate_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} until {self.access_until}"


class AccessTimer(models.Model):
    """When somebody's access wants attention. Global, ids and times only, so that the beat need not read tenants."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company_id = models.UUIDField()
    user_id = models.UUIDField()
    environment = models.CharField(max_length=20)
    # Renew the access token then, while it is in use (S30); and look then whether a notice is due (S33).
    renew_at = models.DateTimeField(null=True)
    notice_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company_id", "user_id", "environment"], name="accesstimer_once")
        ]
        indexes = [
            models.Index(fields=["renew_at"], name="accesstimer_renew"),
            models.Index(fields=["notice_at"], name="accesstimer_notice"),
        ]

    @override
    def __str__(self) -> str:
        return f"access of {self.user_id}"
