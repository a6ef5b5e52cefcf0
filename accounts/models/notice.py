"""What a person was told about their access, and what they said of our help."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models

from roles.tenancy import TenantModel


class AccessNotice(TenantModel):
    """One notice, raised once for each date and distance from it (S33, S36); only its user sees it (S38)."""

    class About(models.TextChoices):
        ACCESS = "access"
        CERTIFICATE = "certificate"
        OFFLINE_CERTIFICATE = "offline_certificate"
        TOKENS = "tokens"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    about = models.CharField(max_length=30, choices=About.choices)
    # The date that comes near, and how many days before it the notice was due; 0: it has come.
    expires_at = models.DateTimeField()
    days_before = models.PositiveSmallIntegerField()
    raised_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="accessnotice_company_id"),
            models.UniqueConstraint(
                fields=["company", "user", "environment", "about", "expires_at", "days_before"],
                name="accessnotice_once",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.about}, {self.days_before} days before {self.expires_at}"


class HelpAnswer(TenantModel):
    """S110: the answer to "Czy ten artykuł był pomocny?", one for each person and article."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    article = models.CharField(max_length=40)
    is_helpful = models.BooleanField()
    comment = models.TextField(blank=True, max_length=1000)
    answered_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="helpanswer_company_id"),
            models.UniqueConstraint(fields=["company", "user", "article"], name="helpanswer_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.article}: {self.is_helpful}"
