"""Whether a context may issue for a seller at all, as whoever scans KOD II asks (sections 9 and 13.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ksef.simulator.permissions.issuing import may_issue_for
from ksef.simulator.permissions.records import Kind, NewGrants, insert_grants
from ksef.simulator.state import Store
from ksef.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

SELLER = "5265877635"
OTHER = "7762811692"


@pytest.fixture
def world() -> Iterator[World]:
    store = Store(None)
    yield World(store, wall_clock=lambda: 1000.0)
    store.close()


@pytest.mark.parametrize(
    ("context", "may"),
    [
        (("Nip", SELLER), True),
        (("InternalId", f"{SELLER}-12346"), True),
        (("NipVatUe", f"{SELLER}-DE123456789"), True),
        (("Nip", OTHER), False),
        (("InternalId", f"{OTHER}-12346"), False),
        (("PeppolId", "PPL000001"), False),
    ],
)
def test_contexts_of_the_seller(world: World, context: tuple[str, str], may: bool) -> None:
    """9: the context is the seller's, or begins with the seller's NIP."""
    assert may_issue_for(world, context=context, seller=SELLER) is may


@pytest.mark.parametrize(
    ("scope", "may"),
    [("SelfInvoicing", True), ("RRInvoicing", True), ("TaxRepresentative", True), ("PefInvoicing", False)],
)
def test_whom_the_seller_authorized(world: World, scope: str, may: bool) -> None:
    """9, 13.9: an authorization in force, from this seller; PEF has no code to scan."""
    grants = NewGrants(
        kind=Kind.AUTHORIZATION,
        subject=("Nip", OTHER),
        granted_in=("Nip", SELLER),
        context=("Nip", SELLER),
        scopes={scope: False},
        description="Uprawnienie podmiotowe",
        author=("Nip", SELLER),
    )
    insert_grants(world.store, grants, started_at=1_000_001)
    assert may_issue_for(world, context=("Nip", OTHER), seller=SELLER) is False
    world.offset = 1.0
    assert may_issue_for(world, context=("Nip", OTHER), seller=SELLER) is may
    assert may_issue_for(world, context=("Nip", OTHER), seller="3568707925") is False


def test_an_entitys_permission_is_no_authorization(world: World) -> None:
    """11: InvoiceWrite for an office works in the client's context, not in the office's."""
    grants = NewGrants(
        kind=Kind.ENTITY,
        subject=("Nip", OTHER),
        granted_in=("Nip", SELLER),
        context=("Nip", SELLER),
        scopes={"InvoiceWrite": True},
        description="Obsługa faktur",
        author=("Nip", SELLER),
    )
    insert_grants(world.store, grants, started_at=0)
    assert may_issue_for(world, context=("Nip", OTHER), seller=SELLER) is False


@pytest.mark.parametrize(
    ("role", "parent", "sellers"),
    [
        ("VatGroupSubUnit", SELLER, [True, False]),
        ("LocalGovernmentSubUnit", SELLER, [True, False]),
        ("VatGroupUnit", None, [False, False]),
        ("EnforcementAuthority", None, [True, True]),
    ],
)
def test_roles(world: World, role: str, parent: str | None, sellers: list[bool]) -> None:
    """9, 13.9: a subordinate issues for its superior, an authority for any debtor."""
    world.store.insert("subjects", nip=OTHER, role=role, parent=parent, description="Podmiot", created_at=0)
    found = [may_issue_for(world, context=("Nip", OTHER), seller=seller) for seller in (SELLER, "3568707925")]
    assert found == sellers
