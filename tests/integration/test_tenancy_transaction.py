"""tenant_transaction and TenantModel: entering a company, leaving it, and never carrying it further."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from invoices.models import Contractor, Invoice, InvoiceLine
from roles.models import Membership, Role
from roles.tenancy import NoTenant, WrongTenant, active_tenant, tenant_transaction
from tests.builders import make_contractor, make_draft
from tests.conftest import superuser_connection
from tests.environment import DATABASE

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from tests.people import People, Person

pytestmark = pytest.mark.integration

TRANSACTIONS = 1000
KILL_EVERY = 50


def settings_in_database() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.company_id', true), current_setting('app.user_id', true)")
        company, user = cursor.fetchone()
        return company or "", user or ""


def test_entering_tells_the_database_and_leaving_clears_it(people: People) -> None:
    alicja = people.alicja
    with tenant_transaction(alicja.company.id, user_id=alicja.user.id):
        assert settings_in_database() == (str(alicja.company.id), str(alicja.user.id))
        assert active_tenant().company_id == alicja.company.id
    assert settings_in_database() == ("", "")
    with pytest.raises(NoTenant):
        active_tenant()


def test_nesting_with_the_same_company_changes_nothing(people: People) -> None:
    alicja = people.alicja
    with tenant_transaction(alicja.company.id, user_id=alicja.user.id):
        with tenant_transaction(alicja.company.id, user_id=alicja.user.id):
            pass
        # The inner one neither cleared the setting nor closed the transaction.
        assert settings_in_database() == (str(alicja.company.id), str(alicja.user.id))
        assert Role.objects.count() == 3


def test_another_company_or_user_cannot_be_entered_from_inside(people: People) -> None:
    """V8, S53: neither a second company nor a colleague's secrets."""
    alicja, beata, zofia = people.alicja, people.beata, people.zofia
    with tenant_transaction(alicja.company.id, user_id=alicja.user.id):
        with pytest.raises(WrongTenant), tenant_transaction(zofia.company.id, user_id=zofia.user.id):
            pass
        with pytest.raises(WrongTenant), tenant_transaction(alicja.company.id, user_id=beata.user.id):
            pass
        with pytest.raises(WrongTenant), tenant_transaction(alicja.company.id):
            pass
        assert settings_in_database() == (str(alicja.company.id), str(alicja.user.id))


def test_an_error_is_shown_as_it_is_and_leaves_nothing_behind(people: People) -> None:
    """Clearing the setting must not hide the database's own error behind "transaction is aborted"."""
    company = people.alicja.company
    with pytest.raises(DatabaseError, match="role_company_name"):
        _change_and_fail(company.id)
    assert settings_in_database() == ("", "")
    with tenant_transaction(company.id):
        assert not Role.objects.filter(rights=[]).exists()


def _change_and_fail(company_id: uuid.UUID) -> None:
    with tenant_transaction(company_id):
        Role.objects.update(rights=[])
        Role.objects.update(name="the same for all")


def test_an_exception_rolls_back(people: People) -> None:
    company = people.alicja.company
    with pytest.raises(KeyError):
        _change_and_raise(company.id)
    assert settings_in_database() == ("", "")
    with tenant_transaction(company.id):
        assert not Role.objects.filter(rights=[]).exists()


def _change_and_raise(company_id: uuid.UUID) -> None:
    with tenant_transaction(company_id):
        Role.objects.update(rights=[])
        raise KeyError


def test_a_durable_transaction_refuses_to_be_nested(people: People) -> None:
    """Workers write a result only where a commit really is one."""
    company = people.alicja.company
    with tenant_transaction(company.id, durable=True):
        assert Role.objects.count() == 3
    with transaction.atomic(), pytest.raises(RuntimeError), tenant_transaction(company.id, durable=True):
        pass


def test_without_a_company_the_models_raise(people: People) -> None:
    """V8: no query of a tenant's table is even built, by whichever way."""
    invoice = make_draft(people.alicja)
    membership = Membership.objects.get(user_id=people.alicja.user.id)
    ways: list[Callable[[], object]] = [
        Invoice.objects.all,
        Invoice.objects.exists,
        lambda: Invoice.objects.get(id=invoice.id),
        lambda: Invoice.objects.create(company_id=people.alicja.company.id),
        lambda: Invoice.objects.update(note="x"),
        Invoice._base_manager.count,
        Invoice._default_manager.count,
        lambda: Contractor.objects.bulk_create([]),
        invoice.refresh_from_db,
        invoice.save,
        invoice.delete,
        invoice.lines.all,
        lambda: membership.role,
        lambda: asyncio.run(_first_of(Invoice)),
    ]
    for way in ways:
        with pytest.raises(NoTenant):
            way()


async def _first_of(model: type[Invoice]) -> None:
    async for _invoice in model.objects.all():
        pass


def test_the_rows_of_another_company_are_out_of_reach(people: People) -> None:
    """V8: the manager filters, save() refuses, and where the manager is not asked PostgreSQL is."""
    alicja, zofia = people.alicja, people.zofia
    hers = make_draft(zofia)
    with tenant_transaction(alicja.company.id, user_id=alicja.user.id):
        assert not Invoice.objects.filter(id=hers.id).exists()
        assert Invoice.objects.filter(id=hers.id).update(note="x") == 0
        with pytest.raises(WrongTenant):
            hers.save()
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Role.objects.bulk_create([Role(company_id=zofia.company.id, name="Obca", rights=[])])
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Role.objects.update(company_id=zofia.company.id)
        with pytest.raises(Invoice.DoesNotExist):
            hers.refresh_from_db()
        assert hers.lines.count() == 0
        stray = InvoiceLine.objects.filter(invoice_id=hers.id)
        assert list(stray) == []


def test_threads_do_not_share_a_company(committed_people: People) -> None:
    """V9: what one thread has entered is nothing to the other."""
    with tenant_transaction(committed_people.alicja.company.id), ThreadPoolExecutor(1) as pool:
        with pytest.raises(NoTenant):
            pool.submit(Role.objects.count).result()
        assert pool.submit(settings_in_database).result() == ("", "")
        pool.submit(lambda: connection.close()).result()  # noqa: PLW0108 -- each thread has its own


def test_a_reused_connection_never_carries_a_company_further(committed_people: People) -> None:
    """V9: 1,000 alternating transactions over two connections, each fiftieth killed in the middle: 0 crossings."""
    alicja, zofia = committed_people.alicja, committed_people.zofia
    for person in (alicja, zofia):
        make_contractor(person)
    start = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(_alternate, people, start) for people in ([alicja, zofia], [zofia, alicja])]
        crossings, killed, done = (sum(facts) for facts in zip(*(run.result() for run in runs), strict=True))
    assert (crossings, killed, done) == (
        0,
        TRANSACTIONS // KILL_EVERY,
        TRANSACTIONS - TRANSACTIONS // KILL_EVERY,
    )


def _alternate(people: list[Person], start: Barrier) -> tuple[int, int, int]:
    """One connection, as a pool would hand it out; returns crossings, killed and finished transactions."""
    crossings = killed = done = 0
    start.wait(timeout=10)
    try:
        for turn in range(1, TRANSACTIONS // 2 + 1):
            person = people[turn % 2]
            try:
                crossings += _visit(person, is_killed=turn % KILL_EVERY == 0)
                done += 1
            except (OperationalError, InterfaceError):
                killed += 1
                connection.close()
            crossings += _seen_by_nobody()
    finally:
        connection.close()
    return crossings, killed, done


def _visit(person: Person, *, is_killed: bool) -> int:
    with tenant_transaction(person.company.id, user_id=person.user.id):
        found = _companies_seen()
        Contractor.objects.update(email=f"{person.user.id}@example.test")
        if is_killed:
            _kill_my_connection()
        found |= _companies_seen()
        return len(found - {person.company.id})


def _companies_seen() -> set[uuid.UUID]:
    """What row-level security shows, with no filter of the portal's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT company_id FROM invoices_contractor")
        return {company for (company,) in cursor.fetchall()}


def _seen_by_nobody() -> int:
    return len(_companies_seen()) + (settings_in_database() != ("", ""))


def _kill_my_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    with superuser_connection(DATABASE) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
