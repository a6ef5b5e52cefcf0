"""Companies: the tenants, and what each has decided about KSeF."""

from __future__ import annotations

import uuid
from typing import override

from django.db import models
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    """A taxpayer with one NIP: the tenant. Global, because it is found by its address before it may be entered."""

    class Scope(models.TextChoices):
        """S91: "Zakres współpracy z KSeF"."""

        RECEIVE = "receive", _("Tylko odbiór")
        BOTH = "both", _("Odbiór i wysyłka")

    class Plan(models.TextChoices):
        """S62, S64: whether roles decide about sending. Names of products: nobody translates them."""

        EFAKTURY = "efaktury", "eFaktury"
        PLUS = "plus", "eFaktury Plus"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=512)
    # Not unique: two tenants may serve one taxpayer, and "taken" would tell one of the other.
    nip = models.CharField(max_length=10)
    address_line1 = models.CharField(max_length=512)
    address_line2 = models.CharField(max_length=512, blank=True)
    bank_account = models.CharField(max_length=34, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # What new documents are made for; those that exist keep the environment they were made in (S13).
    environment = models.CharField(max_length=20)
    # When somebody first said, knowingly, that invoices shall have legal effect.
    production_confirmed_at = models.DateTimeField(null=True)
    plan = models.CharField(
        max_length=20, choices=Plan.choices, default=Plan.PLUS.value, db_default=Plan.PLUS.value
    )
    ksef_scope = models.CharField(max_length=20, choices=Scope.choices, default=Scope.BOTH.value)
    # S95: whether invoices for natural persons are ordinary e-invoices; decided anew for each at its approval (S99).
    sends_consumer_invoices = models.BooleanField(default=True)
    # "Okno namysłu": how long an approved invoice waits for second thoughts before it goes, at most half an hour.
    recall_minutes = models.PositiveSmallIntegerField(default=0, db_default=0)
    # S101: whether a log-in looks for new purchase invoices.
    fetches_at_login = models.BooleanField(default=True)
    # KSeF counts calls per company: after "too many requests" nothing of this company goes out before then (F8).
    ksef_wait_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(recall_minutes__lte=30), name="company_recall_minutes")
        ]

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def sends(self) -> bool:
        """Whether anything may be sent at all (S92)."""
        return self.ksef_scope == self.Scope.BOTH

    @property
    def roles_decide_sending(self) -> bool:
        """Whether a role says who sends (S64), or whoever approves does so, always automatically (S62)."""
        return self.plan == self.Plan.PLUS
