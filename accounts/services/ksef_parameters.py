"""What a company has decided about KSeF: the environment and the parameters of section J (S3-S14, S91-S101)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from accounts.domain.environments import has_legal_effect
from accounts.domain.errors import RuleBroken
from accounts.models import Company
from roles.access import Right
from roles.audit import record

if TYPE_CHECKING:
    from roles.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class KSeFParameters:
    scope: str
    sends_consumer_invoices: bool
    fetches_at_login: bool
    recall_minutes: int


def switch_environment(*, actor: Actor, environment: str, is_confirmed: bool) -> Company:
    """Make new documents for another environment from now on; those that exist stay where they are (S3, S13).

    The first time production is entered somebody has to confirm that invoices get legal effect (S9).
    Choosing the environment one is in changes nothing. Raises RuleBroken: environment_not_offered,
    production_unconfirmed.
    """
    actor.require(Right.SETTINGS)
    if environment not in settings.KSEF_ENVIRONMENTS:
        raise RuleBroken("environment_not_offered", field="environment")
    company = Company.objects.select_for_update(no_key=True).get(id=actor.company_id)
    if company.environment == environment:
        return company
    if has_legal_effect(environment) and company.production_confirmed_at is None:
        if not is_confirmed:
            raise RuleBroken("production_unconfirmed", field="is_confirmed")
        company.production_confirmed_at = timezone.now()
    former, company.environment = company.environment, environment
    company.save(update_fields=["environment", "production_confirmed_at"])
    record(actor=actor, action="environment_switched", detail={"from": former, "to": environment})
    return company


def change_parameters(*, actor: Actor, parameters: KSeFParameters) -> Company:
    """Keep the company's choices; documents that were sent or marked before stay as they are (S94, S99)."""
    actor.require(Right.SETTINGS)
    company = Company.objects.select_for_update(no_key=True).get(id=actor.company_id)
    company.ksef_scope = parameters.scope
    company.sends_consumer_invoices = parameters.sends_consumer_invoices
    company.fetches_at_login = parameters.fetches_at_login
    company.recall_minutes = parameters.recall_minutes
    company.save(
        update_fields=["ksef_scope", "sends_consumer_invoices", "fetches_at_login", "recall_minutes"]
    )
    record(
        actor=actor,
        action="ksef_parameters_changed",
        detail={
            "scope": parameters.scope,
            "sends_consumer_invoices": str(parameters.sends_consumer_invoices),
            "fetches_at_login": str(parameters.fetches_at_login),
            "recall_minutes": str(parameters.recall_minutes),
        },
    )
    return company
