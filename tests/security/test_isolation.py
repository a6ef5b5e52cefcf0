"""Tenant isolation as PostgreSQL holds it: every model of the registry, so that a new one fails until it fits."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db import models
from psycopg import errors

from accounts.identity.models import BrowserSession, CodeClock
from accounts.models import (
    AccessNotice,
    AccessTimer,
    CertificateRequest,
    Company,
    HelpAnswer,
    Invitation,
    KSeFCredential,
    OfflineCertificate,
    User,
)
from accounts.selectors import find_connection
from invoices.models import (
    UPO,
    BatchJournal,
    ConflictingDocument,
    Invoice,
    InvoiceDocument,
    InvoiceEvent,
    KSeFSession,
    LighthouseWatch,
    OutageMessage,
    OutboxEntry,
    OutboxTurn,
    RateAllowance,
    RateLane,
    ReceivedEvent,
    ReceivedFile,
    UPOPage,
)
from roles.models import AuditEntry, Membership
from roles.tenancy import TenantModel, tenant_transaction
from tests.security.rows import query, refusal, row_as_json, table_of

if TYPE_CHECKING:
    from tests.people import Person
    from tests.security.world import World

pytestmark = [pytest.mark.security, pytest.mark.django_db]

# Tables that are no company's, each with the reason why not.
GLOBAL_MODELS: dict[type[models.Model], str] = {
    User: "a person belongs to several companies",
    Company: "found by its address before it may be entered",
    Membership: "read to find out which company may be entered",
    OutboxEntry: "ids and times only, so that the dispatcher needs no right to read tenants",
    OutboxTurn: "ids and times only, so that the dispatcher can be fair between companies",
    RateLane: "KSeF counts calls by NIP, whichever company asks; a NIP and times only",
    RateAllowance: "so are the limits that KSeF sets; a NIP and numbers only",
    AccessTimer: "ids and times only, so that the beat needs no right to read tenants",
    BrowserSession: "a log-in is a person's, before any company is entered",
    CodeClock: "so is the last code that was used",
    LighthouseWatch: "times only: KSeF's outages are nobody's own",
    OutageMessage: "what was published about KSeF, the same for everybody",
}
FOREIGN_APPS = {"auth", "contenttypes", "sessions", "account", "mfa"}
# Logs and frozen bytes: written once.
APPEND_ONLY: set[type[TenantModel]] = {
    AuditEntry,
    ConflictingDocument,
    InvoiceEvent,
    InvoiceDocument,
    UPO,
    ReceivedEvent,
    ReceivedFile,
    UPOPage,
}
# S53: visible to their user alone.
PERSONAL: set[type[TenantModel]] = {
    AccessNotice,
    BatchJournal,
    CertificateRequest,
    HelpAnswer,
    KSeFCredential,
    KSeFSession,
    OfflineCertificate,
}

TENANT_MODELS: list[type[TenantModel]] = [
    model for model in apps.get_models() if issubclass(model, TenantModel)
]
HOLDERS: list[type[models.Model]] = [*TENANT_MODELS, Membership]
REFERENCES: list[tuple[type[models.Model], models.ForeignKey[Any, Any]]] = [
    (model, field)
    for model in HOLDERS
    for field in model._meta.concrete_fields
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]


def class_name(model: type[models.Model]) -> str:
    return model.__name__


def by_name(chosen: set[type[TenantModel]]) -> list[type[TenantModel]]:
    # A set has another order in each process, and the workers must agree on the names of the tests.
    return sorted(chosen, key=class_name)


def entered(person: Person) -> Any:
    return tenant_transaction(person.company.id, user_id=person.user.id)


@pytest.fixture(params=TENANT_MODELS, ids=class_name)
def model(request: pytest.FixtureRequest) -> type[TenantModel]:
    chosen: type[TenantModel] = request.param
    return chosen


def test_every_model_is_a_tenants_or_on_the_short_list() -> None:
    """V7: a new model fails here until somebody decides whose it is."""
    others = {model for model in apps.get_models() if not issubclass(model, TenantModel)}
    assert {model for model in others if model._meta.app_label not in FOREIGN_APPS} == set(GLOBAL_MODELS)
    for model in TENANT_MODELS:
        assert not model._meta.parents, "a child table would need a company of its own"
    assert all(TenantModel in model.__bases__ for model in TENANT_MODELS)


def test_every_table_with_a_company_is_a_known_one() -> None:
    """V7: also tables that no model stands for, such as those of many-to-many fields."""
    columns = query(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name IN ('company_id', 'tenant_id')"
    )
    holders: list[type[models.Model]] = [*HOLDERS, OutboxEntry, OutboxTurn, AccessTimer]
    known = {model._meta.db_table for model in holders}
    assert {table for (table,) in columns} == known
    made = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    tables = query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {table for (table,) in tables} - made == {"django_migrations", "kwit_cache"}


def test_row_level_security_is_enabled_and_forced(model: type[TenantModel]) -> None:
    """V7: for the table's owner too, by exactly one policy, for reading and for writing."""
    [(enabled, forced)] = query(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
        model._meta.db_table,
    )
    assert (enabled, forced) == (True, True)
    policies = query(
        "SELECT permissive, roles::text[], cmd, qual, with_check FROM pg_policies WHERE tablename = %s",
        model._meta.db_table,
    )
    assert len(policies) == 1, "permissive policies add up"
    [(permissive, roles, command, reading, writing)] = policies
    assert (permissive, roles, command) == ("PERMISSIVE", ["public"], "ALL")
    assert reading == writing
    assert "company_id = (NULLIF(current_setting('app.company_id'::text, true)" in reading
    assert ("app.user_id" in reading) == (model in PERSONAL)


def test_the_company_is_part_of_the_key(model: type[TenantModel]) -> None:
    """V8: UNIQUE (company_id, id), so that others can point at a row and its company together."""
    keys = query(
        """
        SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM pg_constraint c
            CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
        WHERE c.conrelid = %s::regclass AND c.contype = 'u' GROUP BY c.oid
        """,
        model._meta.db_table,
    )
    assert ["company_id", "id"] in [columns for (columns,) in keys]
    nullable = query(
        "SELECT is_nullable FROM information_schema.columns WHERE table_name = %s AND column_name = 'company_id'",
        model._meta.db_table,
    )
    assert nullable == [("NO",)]


@pytest.mark.parametrize(("referrer", "field"), REFERENCES, ids=lambda part: getattr(part, "name", None))
def test_references_hold_the_company(
    world: World, referrer: type[models.Model], field: models.ForeignKey[Any, Any]
) -> None:
    """V4, V8: a row cannot point at another company's row, whatever the portal's code does."""
    target = field.related_model._meta.db_table
    keys = query(
        """
        SELECT array_agg(a.attname::text ORDER BY k.place), array_agg(f.attname::text ORDER BY k.place), c.convalidated
        FROM pg_constraint c
            CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (number, foreign_number, place)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
            JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = k.foreign_number
        WHERE c.conrelid = %s::regclass AND c.confrelid = %s::regclass AND c.contype = 'f' GROUP BY c.oid
        """,
        referrer._meta.db_table,
        target,
    )
    assert (["company_id", field.column], ["company_id", "id"], True) in keys

    alicja, zofia = world.people.alicja, world.people.zofia
    foreign = json.loads(row_as_json(target, company_id=zofia.company.id))["id"]
    changes = {
        "id": str(uuid.uuid4()),
        field.column: foreign,
        "closed_at": "2026-01-01",
        "user_id": str(alicja.user.id),
    }
    if referrer is Invoice:
        changes["number"] = "KANAREK/1"
    if referrer is Invitation:
        changes |= {"email": "inna@example.test", "token_hash": "0" * 64}
    if referrer is UPO:
        changes.setdefault("invoice_id", str(world.mine.draft))
    own = json.loads(row_as_json(referrer._meta.db_table, company_id=alicja.company.id))
    row = own | {name: value for name, value in changes.items() if name in own}
    if referrer is Membership:
        query("DELETE FROM roles_membership WHERE user_id = %s", alicja.user.id)
    with entered(alicja):
        assert _insert(referrer, row) is errors.ForeignKeyViolation


def _insert(model: type[models.Model], row: dict[str, Any]) -> type[BaseException | None]:
    return refusal(
        "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, %s::jsonb)).*",
        json.dumps(row),
        table=table_of(model),
    )


def test_without_a_company_there_is_nothing(world: World, model: type[TenantModel]) -> None:
    """V8: no setting, no rows; and nothing can be written."""
    assert query("SELECT count(*) FROM {table}", table=table_of(model)) == [(0,)]
    row = json.loads(row_as_json(model._meta.db_table, company_id=world.people.alicja.company.id))
    row["id"] = str(uuid.uuid4())
    assert _insert(model, row) is errors.InsufficientPrivilege
    if model not in APPEND_ONLY:
        assert query("UPDATE {table} SET id = id", table=table_of(model)) == [(0,)]
        assert query("DELETE FROM {table}", table=table_of(model)) == [(0,)]


def test_the_rows_of_another_company_cannot_be_touched(world: World, model: type[TenantModel]) -> None:
    """V8: with my setting her rows are not there to read, change, delete or add to."""
    alicja, zofia = world.people.alicja, world.people.zofia
    table = table_of(model)
    row = json.loads(row_as_json(model._meta.db_table, company_id=zofia.company.id))
    row["id"] = str(uuid.uuid4())
    with entered(alicja):
        [(seen, whose)] = query("SELECT count(*), array_agg(DISTINCT company_id) FROM {table}", table=table)
        assert seen > 0, "the world holds a row in every table"
        assert whose == [alicja.company.id]
        assert _insert(model, row) is errors.InsufficientPrivilege
        if model in APPEND_ONLY:
            return
        her_rows = (zofia.company.id,)
        assert query("UPDATE {table} SET id = id WHERE company_id = %s", *her_rows, table=table) == [(0,)]
        assert query("DELETE FROM {table} WHERE company_id = %s", *her_rows, table=table) == [(0,)]
        moved = refusal("UPDATE {table} SET company_id = %s", *her_rows, table=table)
        assert moved is errors.InsufficientPrivilege


@pytest.mark.parametrize("log", by_name(APPEND_ONLY), ids=class_name)
@pytest.mark.parametrize(
    "act", ["UPDATE {table} SET id = id", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
def test_what_is_written_once_stays(world: World, log: type[TenantModel], act: str) -> None:
    """S78, I4: neither the runtime role nor the owner nor a superuser rewrites a log or a frozen document."""
    with entered(world.people.alicja):
        assert refusal(act, table=table_of(log)) is errors.InsufficientPrivilege
        for role in ("SET LOCAL ROLE kwit_owner", "SET LOCAL ROLE NONE"):
            query(role)
            assert refusal(act, table=table_of(log)) is errors.InsufficientPrivilege


def test_append_only_tables_are_those_with_the_trigger() -> None:
    """The list of logs in this test is the list in the database."""
    guarded = query(
        "SELECT DISTINCT event_object_table FROM information_schema.triggers WHERE trigger_name = 'append_only'"
    )
    written_once: set[type[models.Model]] = {*APPEND_ONLY, OutageMessage}
    assert {table for (table,) in guarded} == {model._meta.db_table for model in written_once}


@pytest.mark.parametrize("model", by_name(PERSONAL), ids=class_name)
def test_secrets_belong_to_one_user(world: World, model: type[TenantModel]) -> None:
    """S53: a colleague, the administrator included, sees nobody else's credential or session."""
    alicja, beata, cezary = world.people.alicja, world.people.beata, world.people.cezary
    row = json.loads(row_as_json(model._meta.db_table, company_id=alicja.company.id))
    counts = []
    for person in (alicja, beata, cezary):
        with entered(person):
            rows = query("SELECT user_id FROM {table}", table=table_of(model))
            assert all(user_id == person.user.id for (user_id,) in rows)
            assert model.objects.count() == len(rows)
            counts.append(len(rows))
            other = next(p for p in (alicja, beata) if p is not person)
            foreign = row | {"id": str(uuid.uuid4()), "user_id": str(other.user.id), "reference": "x"}
            assert _insert(model, foreign) is errors.InsufficientPrivilege
    # Beata is connected, but has sent nothing yet; cezary may not connect.
    assert counts == ([1, 1, 0] if model is KSeFCredential else [1, 0, 0])


def test_the_administrator_reads_no_connection_but_her_own(world: World) -> None:
    """S53: the selector behind the settings page as well."""
    with world.people.cezary.entered() as actor:
        assert find_connection(actor=actor, environment="simulator") is None
    for person in (world.people.alicja, world.people.beata):
        with person.entered() as actor:
            assert find_connection(actor=actor, environment="simulator") is not None
