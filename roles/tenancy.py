"""The belts that keep companies apart: an active tenant, a manager that raises without one, SET LOCAL."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, override

from django.db import connection, models, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Tenant:
    """The company whose rows may be touched, and the user whose own secrets may be."""

    company_id: uuid.UUID
    user_id: uuid.UUID | None


_active: ContextVar[Tenant | None] = ContextVar("tenant", default=None)


class NoTenant(Exception):
    """A tenant table was touched while no company was active: a programming error, never the user's."""


class WrongTenant(Exception):
    """A second company was entered, or a row of another company was about to be saved."""


def active_tenant() -> Tenant:
    tenant = _active.get()
    if tenant is None:
        raise NoTenant("no company is active")
    return tenant


@contextmanager
def tenant_transaction(
    company_id: uuid.UUID, *, user_id: uuid.UUID | None = None, durable: bool = False
) -> Iterator[None]:
    """Open a transaction in which this company's rows, and this user's secrets, can be seen.

    Nested with the same company and user it does nothing; with another it raises WrongTenant.
    PostgreSQL gets both ids by SET LOCAL, so a pooled connection cannot carry them further.
    """
    tenant = Tenant(company_id, user_id)
    current = _active.get()
    if current is not None:
        if current != tenant:
            raise WrongTenant(f"{current.company_id} is active, {company_id} was asked for")
        yield
        return
    with transaction.atomic(durable=durable):
        _tell_database(str(company_id), str(user_id or ""))
        token = _active.set(tenant)
        try:
            yield
        finally:
            _active.reset(token)
        # On success only: after a database error the transaction refuses every statement anyway.
        _tell_database("", "")


def _tell_database(company_id: str, user_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.company_id', %s, true), set_config('app.user_id', %s, true)",
            [company_id, user_id],
        )


class TenantManager[M: models.Model](models.Manager[M]):
    """Sees the active company only, and raises NoTenant when there is none."""

    @override
    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(company_id=active_tenant().company_id)


class TenantModel(models.Model):
    """A row that belongs to one company. Row-level security repeats in PostgreSQL what the manager says here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(
        "accounts.Company", on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        active = active_tenant().company_id
        if self.company_id != active:
            raise WrongTenant(f"{self._meta.label} of {self.company_id} saved while {active} is active")
        super().save(*args, **kwargs)
