"""Everybody at every address: allowed does what it says, refused changes nothing and shows nothing (V1-V5)."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from roles.models import Membership, Role
from tests.security.access import COLLEAGUES, COMPANY_ROWS, OPEN_ROWS, PUBLIC, OpenRow, Row, all_addresses
from tests.security.rows import all_seeing, changed_since, fingerprint

if TYPE_CHECKING:
    from tests.security.world import Possessions, World

pytestmark = [pytest.mark.security, pytest.mark.django_db]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LOG = "roles_auditentry"
ROWS = pytest.mark.parametrize("row", COMPANY_ROWS, ids=lambda row: row.id, indirect=True)
# Each address with each kind of object once; those who may nothing try all methods there.
PLACES = pytest.mark.parametrize(
    "row",
    {(row.name, row.target): row for row in COMPANY_ROWS}.values(),
    ids=lambda row: f"{row.name}-{row.target}",
    indirect=True,
)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Row:
    """A row of the table, with KSeF at hand where the address asks it; KSeF does not know the token it is shown."""
    chosen: Row = request.param
    if chosen.name.startswith("accounts:connect"):
        request.getfixturevalue("simulator")
    return chosen


def ask(client: Client, method: str, url: str, form: dict[str, Any] | None = None) -> Any:
    return client.post(url, form or {}) if method == "POST" else client.generic(method, url)


def shows(answer: Any, canary: str) -> bool:
    return canary.encode() in (answer.content + str(answer.headers).encode()).lower()


def refusals() -> list[dict[str, str]]:
    with all_seeing() as cursor:
        cursor.execute("SELECT detail FROM roles_auditentry WHERE action = 'refused' ORDER BY at")
        return [json.loads(detail) for (detail,) in cursor.fetchall()]


def login_with(url: str) -> str:
    return f"{reverse('account_login')}?next={url}"


def test_every_address_is_in_the_table() -> None:
    """V1, V2: an address missing from the table fails here; so does one that is gone."""
    addresses = list(all_addresses())
    assert {row.name for row in COMPANY_ROWS} == {a.name for a in addresses if a.is_of_a_company}
    assert {row.name for row in OPEN_ROWS} == {a.name for a in addresses if not a.is_of_a_company}
    numbers = [a.route for a in addresses if "<int:" in a.route or "<str:" in a.route]
    assert numbers == [], "V6: ids that can be guessed or hold anything"


@ROWS
@pytest.mark.parametrize("name", COLLEAGUES)
def test_a_colleague_gets_what_the_role_holds(world: World, row: Row, name: str) -> None:
    """V2, S78: the written table; a refusal is 403, changes nothing and is in the log."""
    expected = row.statuses[COLLEAGUES.index(name)]
    client = world.person(name).client
    before, refused = fingerprint(), len(refusals())
    answer = ask(client, row.method, row.url(world.mine), row.form(world.mine))
    changed = changed_since(before)
    assert answer.status_code == expected
    if expected == 403:
        assert changed == {LOG}
        [entry] = refusals()[refused:]
        assert entry["what"] == row.name
    else:
        assert len(refusals()) == refused
        if name == "alicja":
            assert row.changes <= changed <= row.changes | row.notes
        else:
            assert changed <= row.changes | row.notes


@PLACES
def test_a_stranger_finds_nothing(world: World, row: Row) -> None:
    """V1, V5: zofia at alicja's addresses, by every method: 404, nothing changed, no word of alicja's."""
    client = world.people.zofia.client
    before = fingerprint()
    for method in METHODS:
        answer = ask(client, method, row.url(world.mine), row.form(world.mine))
        assert (method, answer.status_code) == (method, 404)
        assert not shows(answer, world.mine.canary)
    assert changed_since(before) == set()


@pytest.mark.parametrize(
    "row", [row for row in COMPANY_ROWS if row.target], ids=lambda row: row.id, indirect=True
)
def test_a_foreign_id_in_ones_own_company_does_not_exist(world: World, row: Row) -> None:
    """V1, V4: zofia at her own addresses with alicja's ids, and with ids that nobody has: the same 404."""
    client = world.people.zofia.client
    before = fingerprint()
    foreign = ask(client, row.method, row.url(world.mine, slug=world.hers.slug), row.form(world.mine))
    missing = ask(client, row.method, row.url(nothing_of(world.hers)), row.form(world.hers))
    assert foreign.status_code == missing.status_code == 404
    assert not shows(foreign, world.mine.canary)
    assert _without_tokens(foreign) == _without_tokens(missing)
    assert changed_since(before) == set()


def nothing_of(possessions: Possessions) -> Possessions:
    """The same company with ids that belong to no row."""
    nobody = uuid.uuid4()
    return replace(
        possessions,
        contractor=nobody,
        unused_contractor=nobody,
        draft=nobody,
        approved=nobody,
        queued=nobody,
        accepted=nobody,
        rejected=nobody,
        session_upo=nobody,
        taken=nobody,
        colleague=nobody,
        member=nobody,
        former=nobody,
        role=nobody,
        invitation=nobody,
        received=nobody,
        registered=nobody,
        purchase=nobody,
    )


def _without_tokens(answer: Any) -> bytes:
    return re.sub(rb'(csrf[^"]*": ?"|csrfmiddlewaretoken" value=")[^"]+', b"", answer.content)


@pytest.mark.parametrize(
    "row", [row for row in COMPANY_ROWS if not row.target], ids=lambda row: row.id, indirect=True
)
def test_ones_own_pages_show_nobody_elses_words(world: World, row: Row) -> None:
    """V5: lists, sums and search of zofia's company hold none of alicja's words; her own they do."""
    client = world.people.zofia.client
    answer = ask(client, row.method, row.url(world.hers), row.form(world.hers))
    assert answer.status_code == row.statuses[0]
    assert not shows(answer, world.mine.canary)
    if row.method == "GET":
        assert shows(answer, world.hers.canary)


@pytest.mark.parametrize("name", ["invoices:index", "contractors:index"])
def test_search_stays_inside_the_company(world: World, name: str) -> None:
    """V5: looking for alicja's words finds nothing, and says no more than what was typed."""
    client = world.people.zofia.client
    url = reverse(name, args=[world.hers.slug])
    found = client.get(url, {"szukaj": "kanarek"})
    assert shows(found, f"{world.hers.canary} nabywca")
    assert not shows(found, world.mine.canary)
    assert not shows(client.get(url, {"szukaj": "nie-ma-tego"}), f"{world.hers.canary} nabywca")
    # The search field says what was typed; nothing that was not typed is in the answer.
    answer = client.get(url, {"szukaj": world.mine.canary})
    assert not shows(answer, f"{world.mine.canary} ")
    assert not shows(answer, str(world.mine.contractor))
    assert not shows(answer, str(world.mine.accepted))


@PLACES
def test_without_logging_in_there_is_only_the_log_in(world: World, row: Row) -> None:
    """V2: every address of a company leads to the log-in page, whether the company exists or not."""
    client = Client()
    before = fingerprint()
    for method in METHODS:
        for slug in (world.mine.slug, "nie-ma-takiej-abcde"):
            url = row.url(world.mine, slug=slug)
            answer = ask(client, method, url, row.form(world.mine))
            assert (answer.status_code, answer.headers["Location"]) == (302, login_with(url))
            assert answer.content == b""
    assert changed_since(before) == set()


@PLACES
def test_somebody_who_left_finds_nothing(world: World, row: Row) -> None:
    """V12: an ended membership ends everything at the next request."""
    client = world.darek.client
    before = fingerprint()
    answer = ask(client, row.method, row.url(world.mine), row.form(world.mine))
    assert answer.status_code == 404
    assert not shows(answer, world.mine.canary)
    assert changed_since(before) == set()


def test_a_right_taken_away_is_gone_at_the_next_request(world: World) -> None:
    """S79, V12: roles and memberships are read for every request; a log-in remembers no right."""
    beata = world.people.beata
    client, url = beata.client, reverse("invoices:new", args=[world.mine.slug])
    assert client.get(url).status_code == 200
    with beata.entered():
        Role.objects.update(rights=["view"])
    assert client.get(url).status_code == 403
    Membership.objects.filter(user_id=beata.user.id).update(is_active=False)
    assert client.get(url).status_code == 404
    beata.user.is_active = False
    beata.user.save()
    assert client.get(url).headers["Location"] == login_with(url)


@pytest.mark.parametrize("name", sorted({row.name for row in COMPANY_ROWS}))
def test_methods_that_are_not_in_the_table_are_refused(world: World, name: str) -> None:
    """V2: 405 for whatever else a client tries, and nothing changed."""
    rows = [row for row in COMPANY_ROWS if row.name == name]
    client = world.people.alicja.client
    before = fingerprint()
    for method in set(METHODS) - {row.method for row in rows}:
        answer = ask(client, method, rows[0].url(world.mine), rows[0].form(world.mine))
        assert (method, answer.status_code) == (method, 405)
    assert changed_since(before) == set()


@pytest.mark.parametrize("place", OPEN_ROWS, ids=lambda place: f"{place.method}-{place.name}")
def test_addresses_outside_companies(world: World, place: OpenRow) -> None:
    """V2: only the listed public addresses answer a stranger with a page; none shows a company's words."""
    url = reverse(place.name, args=place.arguments)
    form = place.form(world.mine)
    answer = ask(Client(), place.method, url, form)
    assert answer.status_code == place.anonymous
    assert (answer.status_code == 200) <= (place.name in PUBLIC)
    assert not shows(answer, "kanarek")
    answer = ask(world.people.zofia.client, place.method, url, form)
    assert answer.status_code == place.signed_in
    assert not shows(answer, world.mine.canary)
