"""Contractors: who may keep them, what is asked of each kind, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.services.companies import add_member
from invoices.models import Contractor
from roles.models import Role
from roles.tenancy import tenant_transaction
from tests.builders import make_contractor, make_draft
from tests.people import Person

if TYPE_CHECKING:
    import uuid

    from tests.people import People

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

FIRM = {
    "kind": "domestic",
    "tax_id": "701-041-63-84",
    "name": "Hurtownia  Próbna",
    "country": "PL",
    "address_line1": "ul. Zakupowa 2",
    "address_line2": "00-002 Warszawa",
    "email": "",
}


def url(person: Person, page: str = "") -> str:
    return f"/{person.company.slug}/kontrahenci/{page}"


def edit_url(person: Person, contractor_id: uuid.UUID) -> str:
    return url(person, f"{contractor_id}/")


def stored(person: Person) -> list[tuple[str, str, str, str, str]]:
    with person.entered():
        rows = Contractor.objects.order_by("name")
        return [(row.kind, row.name, row.tax_country, row.tax_id, row.country) for row in rows]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("domestic", "Hurtownia Próbna", "", "7010416384", "PL")),
        (
            {"tax_id": "PL7010416384", "country": "DE"},
            ("domestic", "Hurtownia Próbna", "", "7010416384", "PL"),
        ),
        (
            {"kind": "eu", "tax_id": "DE 123 456 789", "country": "DE"},
            ("eu", "Hurtownia Próbna", "DE", "123456789", "DE"),
        ),
        (
            {"kind": "eu", "tax_id": "123456789", "country": "GR"},
            ("eu", "Hurtownia Próbna", "EL", "123456789", "GR"),
        ),
        (
            {"kind": "eu", "tax_id": "XI123456789", "country": "XI"},
            ("eu", "Hurtownia Próbna", "XI", "123456789", "GB"),
        ),
        ({"kind": "foreign", "tax_id": "", "country": "US"}, ("foreign", "Hurtownia Próbna", "", "", "US")),
        (
            {"kind": "foreign", "tax_id": "12-34", "country": "CH"},
            ("foreign", "Hurtownia Próbna", "CH", "12-34", "CH"),
        ),
        (
            {"kind": "consumer", "tax_id": "", "address_line1": "", "country": ""},
            ("consumer", "Hurtownia Próbna", "", "", "PL"),
        ),
    ],
)
def test_each_kind_is_kept_as_fa3_identifies_it(
    people: People, changes: dict[str, str], expected: tuple[str, ...]
) -> None:
    """Ksef-protocol 15.2: NIP, EU prefix and number, another number, or none; the form reads its own page."""
    answer = people.cezary.client.post(url(people.cezary, "nowy/"), FIRM | changes)
    assert answer.headers["Location"] == url(people.cezary)
    assert stored(people.cezary) == [expected]
    with people.cezary.entered():
        contractor = Contractor.objects.get()
    page = people.cezary.client.get(edit_url(people.cezary, contractor.id))
    initial = {name: page.context["form"][name].value() for name in FIRM}
    assert people.cezary.client.post(edit_url(people.cezary, contractor.id), initial).status_code == 302
    assert stored(people.cezary) == [expected]


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"tax_id": "7010416385"}, "tax_id", "Ten NIP jest nieprawidłowy"),
        ({"tax_id": ""}, "tax_id", "Wpisz NIP."),
        ({"kind": "consumer"}, "tax_id", "Konsument nie podaje NIP."),
        ({"kind": "eu", "tax_id": "12", "country": "DE"}, "tax_id", "To nie jest numer VAT UE tego kraju"),
        ({"kind": "eu", "country": "PL"}, "country", "Wybierz kraj Unii Europejskiej inny niż Polska."),
        ({"kind": "eu", "country": "US"}, "country", "Wybierz kraj Unii Europejskiej inny niż Polska."),
        ({"kind": "foreign", "country": "PL"}, "country", "Wybierz kraj inny niż Polska"),
        ({"country": "QQ"}, "country", "QQ"),
        ({"kind": "other"}, "kind", "other"),
        ({"name": ""}, "name", "To pole jest wymagane."),
        ({"name": "Firma\ufffe"}, "name", "KSeF nie przyjmuje znaku U+FFFE."),
        ({"name": "x" * 513}, "name", "512"),
        ({"address_line1": ""}, "address_line1", "Wpisz adres"),
        ({"address_line2": "00-001\x01"}, "address_line2", "KSeF nie przyjmuje znaku U+0001."),
        ({"email": "nikt"}, "email", "Wprowadź poprawny adres"),
    ],
)
def test_bad_input_is_said_at_its_field(
    people: People, changes: dict[str, str], field: str, message: str
) -> None:
    """S100 and issue 2, bad input: a Polish message at the field, nothing lost, nothing saved."""
    answer = people.alicja.client.post(url(people.alicja, "nowy/"), FIRM | changes)
    page = answer.content.decode()
    assert message in " ".join(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in page
    assert f'<a href="#id_{field}">' in page
    assert "ul. Zakupowa 2" in page or field == "address_line1"
    assert stored(people.alicja) == []


def test_search_by_name_and_by_nip_with_dashes(people: People) -> None:
    make_contractor(people.alicja, name="Żółw i Syn")
    make_contractor(people.alicja, name="Inna firma", tax_id="5260250274")
    client = people.alicja.client
    for query, found, hidden in (
        ("żółw", "Żółw i Syn", "Inna firma"),
        ("526-025-02-74", "Inna firma", "Żółw i Syn"),
    ):
        page = client.get(url(people.alicja), {"szukaj": query}).content.decode()
        assert found in page
        assert hidden not in page
    assert "Nic nie pasuje" in client.get(url(people.alicja), {"szukaj": "%"}).content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "x", "999999999"])
def test_nonsense_page_is_the_first(people: People, number: str) -> None:
    make_contractor(people.alicja, name="Żółw i Syn")
    assert "Żółw i Syn" in people.alicja.client.get(url(people.alicja), {"strona": number}).content.decode()


def test_fifty_on_a_page(people: People) -> None:
    for number in range(51):
        make_contractor(people.alicja, name=f"Firma {number:02}")
    first = people.alicja.client.get(url(people.alicja)).content.decode()
    second = people.alicja.client.get(url(people.alicja), {"strona": "2"}).content.decode()
    assert ("Firma 49" in first, "Firma 50" in first) == (True, False)
    assert ("Firma 49" in second, "Firma 50" in second) == (False, True)


def test_one_in_use_stays(people: People) -> None:
    """A contractor on an invoice is refused deletion with a message; an unused one goes."""
    used = make_draft(people.alicja).contractor
    assert used is not None
    client = people.alicja.client
    answer = client.post(url(people.alicja, f"{used.id}/usun/"), follow=True)
    assert "Ten kontrahent jest na fakturach, dlatego nie można go usunąć." in answer.content.decode()
    unused = make_contractor(people.alicja, name="Zbędny")
    client.post(url(people.alicja, f"{unused.id}/usun/"))
    assert [name for _kind, name, *_rest in stored(people.alicja)] == ["Hurtownia Próbna sp. z o.o."]


def test_strangers_and_viewers_change_nothing(people: People) -> None:
    """404 for another company, 403 for a colleague who may only look; the data stay."""
    contractor = make_contractor(people.alicja)
    before = stored(people.alicja)
    company = people.alicja.company
    with tenant_transaction(company.id):
        Role.objects.create(company_id=company.id, name="Widz", rights=["view"])
    add_member(company_id=company.id, user_id=people.zofia.user.id, role_name="Widz")
    viewer = Person(people.zofia.user, company)
    assert viewer.client.get(url(viewer)).status_code == 200
    page = viewer.client.get(edit_url(viewer, contractor.id)).content.decode()
    assert "Hurtownia Próbna" in page
    assert "Usuń na zawsze" not in page
    for target in (
        url(viewer, "nowy/"),
        edit_url(viewer, contractor.id),
        url(viewer, f"{contractor.id}/usun/"),
    ):
        assert viewer.client.post(target, FIRM).status_code == 403
    foreign = Person(people.zofia.user, people.zofia.company)
    for target in (edit_url(foreign, contractor.id), url(foreign, f"{contractor.id}/usun/")):
        assert foreign.client.post(target, FIRM).status_code == 404
    assert stored(people.alicja) == before
