"""What a request can bring in: no change without our token, no field that the form does not have, no foreign ids."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Company, User
from invoices.domain.lifecycle import State
from invoices.models import Contractor, Invoice
from roles.models import Membership
from tests.security.access import (
    COMPANY_ROWS,
    OPEN_ROWS,
    company_form,
    contractor_form,
    invoice_form,
    new_company_form,
)
from tests.security.rows import changed_since, fingerprint
from tests.security.world import PASSWORD

if TYPE_CHECKING:
    from tests.people import Person
    from tests.security.access import OpenRow, Row
    from tests.security.world import World

pytestmark = [pytest.mark.security, pytest.mark.django_db]

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Whatever a form does not offer, somebody will send.
SURPRISES: dict[str, Any] = {
    "id": str(uuid.UUID(int=7)),
    "pk": str(uuid.UUID(int=7)),
    "state": "accepted",
    "status": "accepted",
    "number": "FV/999/2026",
    "ksef_number": "5260250274-20261122-000000-000000-00",
    "revision": "9",
    "mode": "offline24",
    "environment": "production",
    "net": "0.01",
    "gross": "0.01",
    "slug": "porwana",
    "is_superuser": "1",
    "is_staff": "1",
    "is_active": "0",
    "role": "Administrator",
    "rights": "users",
    "created_by": str(uuid.UUID(int=7)),
    "user_id": str(uuid.UUID(int=7)),
}
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "http:///evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "javascript:kanarek()",
    "data:text/html,kanarek",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "/\n/evil.example",
    "https://evil.example\\@testserver/",
    "//testserver:80@evil.example",
)


def strict_client(person: Person) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person.user)
    return client


def token_from(client: Client, url: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(url).content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("row", {row.name: row for row in COMPANY_ROWS}.values(), ids=lambda row: row.name)
def test_nothing_changes_without_our_token(world: World, row: Row) -> None:
    """V23: every address, every unsafe method: without a token, with a made-up one, from another site."""
    client = strict_client(world.people.alicja)
    stranger = Client()
    foreign = token_from(stranger, reverse("account_login"))
    own = token_from(client, reverse("invoices:new", args=[world.mine.slug]))
    url, form = row.url(world.mine), row.form(world.mine)
    before = fingerprint()
    for method in UNSAFE:
        assert client.generic(method, url, b"").status_code == 403
        assert client.generic(method, url, b"", headers={"x-csrftoken": foreign}).status_code == 403
        evil = {"x-csrftoken": own, "origin": "https://evil.example"}
        assert client.generic(method, url, b"", headers=evil).status_code == 403
    assert client.post(url, form).status_code == 403
    assert client.post(url, form | {"csrfmiddlewaretoken": foreign}).status_code == 403
    assert changed_since(before) == set()


@pytest.mark.parametrize("place", {row.name: row for row in OPEN_ROWS}.values(), ids=lambda place: place.name)
def test_nothing_outside_companies_changes_without_our_token(world: World, place: OpenRow) -> None:
    """V23: logging in, out and up as well, so that nobody is logged in as somebody else."""
    url = reverse(place.name, args=place.arguments)
    before = fingerprint()
    for method in UNSAFE:
        # 405 where the method is refused before anything else is looked at.
        assert Client(enforce_csrf_checks=True).generic(method, url, b"").status_code in {403, 405}
    assert Client(enforce_csrf_checks=True).post(url, place.form(world.mine)).status_code in {403, 405}
    assert changed_since(before) == set()


def test_the_token_of_the_page_is_enough(world: World) -> None:
    """V23: the same request with its own token does what it says, from a form and from htmx."""
    alicja = world.people.alicja
    client, url = strict_client(alicja), reverse("invoices:new", args=[world.mine.slug])
    form = invoice_form(world.mine) | {"csrfmiddlewaretoken": token_from(client, url)}
    assert client.post(url, form).status_code == 302
    totals = reverse("invoices:totals", args=[world.mine.slug])
    header = {"x-csrftoken": form.pop("csrfmiddlewaretoken")}
    assert client.post(totals, form, headers=header).status_code == 200


def test_an_invoice_takes_no_field_that_its_form_lacks(world: World) -> None:
    """V3: state, numbers, sums, company and author are the portal's to say."""
    alicja = world.people.alicja
    surprises = SURPRISES | {"company": world.hers.slug, "company_id": str(world.people.zofia.company.id)}
    answer = alicja.client.post(
        reverse("invoices:new", args=[world.mine.slug]), invoice_form(world.mine) | surprises
    )
    assert answer.status_code == 302
    with alicja.entered():
        invoice = Invoice.objects.get(id=answer.headers["Location"].split("/")[-3])
    assert (invoice.state, invoice.number, invoice.ksef_number, invoice.revision) == (State.DRAFT, "", "", 0)
    assert (invoice.company_id, invoice.created_by_id) == (alicja.company.id, alicja.user.id)
    assert (invoice.environment, invoice.mode, str(invoice.gross)) == ("simulator", "online", "123.00")


def test_a_saved_invoice_takes_none_either(world: World) -> None:
    """V3: nor does changing one."""
    alicja = world.people.alicja
    url = reverse("invoices:edit", args=[world.mine.slug, world.mine.draft])
    assert alicja.client.post(url, invoice_form(world.mine) | SURPRISES).status_code == 302
    with alicja.entered():
        invoice = Invoice.objects.get(id=world.mine.draft)
    assert (invoice.state, invoice.number, invoice.environment) == (State.DRAFT, "", "simulator")
    assert (invoice.version, str(invoice.gross)) == (2, "123.00")


def test_a_contractor_stays_in_its_company(world: World) -> None:
    """V3: a company in the form is not the company of the row."""
    alicja = world.people.alicja
    form = contractor_form(world.mine) | SURPRISES | {"company_id": str(world.people.zofia.company.id)}
    url = reverse("contractors:edit", args=[world.mine.slug, world.mine.contractor])
    assert alicja.client.post(url, form).status_code == 302
    with alicja.entered():
        assert Contractor.objects.get(id=world.mine.contractor).name == "Nowa nazwa"
    with world.people.zofia.entered():
        assert not Contractor.objects.filter(name="Nowa nazwa").exists()


def test_a_company_keeps_its_identity(world: World) -> None:
    """V3: NIP, address in the portal and environment do not change with its data."""
    alicja = world.people.alicja
    form = company_form(world.mine) | SURPRISES | {"nip": "7010416384"}
    assert alicja.client.post(reverse("accounts:settings", args=[world.mine.slug]), form).status_code == 302
    company = Company.objects.get(id=alicja.company.id)
    assert (company.name, company.nip, company.slug) == ("Inna nazwa", "5260250274", world.mine.slug)
    assert company.environment == "simulator"


def test_a_founder_is_administrator_of_the_new_company_only(world: World) -> None:
    """V3: nobody is made a member of what is already there."""
    cezary = world.people.cezary
    form = new_company_form(world.mine) | SURPRISES | {"company": world.hers.slug}
    assert cezary.client.post(reverse("new_company"), form).status_code == 302
    slugs = set(Membership.objects.filter(user_id=cezary.user.id).values_list("company__slug", flat=True))
    assert len(slugs) == 2
    assert "porwana" not in slugs
    assert world.hers.slug not in slugs


def test_signing_up_makes_an_ordinary_person(world: World) -> None:
    """V3: no rights, no company, and no word about who has an account already."""
    form = {
        "email": "nowa@example.test",
        "full_name": "Nowa Osoba",
        "password1": "kanarek-hasla-nowej-2026",
        "password2": "kanarek-hasla-nowej-2026",
    }
    assert Client().post(reverse("account_signup"), form | SURPRISES).status_code == 302
    user = User.objects.get(email="nowa@example.test")
    assert (user.is_active, user.memberships.count()) == (True, 0)


def test_a_foreign_contractor_is_as_unknown_as_none(world: World) -> None:
    """V4: the same words for another company's contractor and for an id that nobody has; nothing is saved."""
    client, url = world.people.zofia.client, reverse("invoices:new", args=[world.hers.slug])
    before = fingerprint()
    foreign = client.post(url, invoice_form(world.hers) | {"contractor": str(world.mine.contractor)})
    missing = client.post(url, invoice_form(world.hers) | {"contractor": str(uuid.UUID(int=9))})
    broken = client.post(url, invoice_form(world.hers) | {"contractor": "nie-id"})
    assert foreign.status_code == missing.status_code == broken.status_code == 200
    assert neutral(foreign) == neutral(missing) == neutral(broken)
    assert world.mine.canary.encode() not in foreign.content.lower()
    assert changed_since(before) == set()


def neutral(answer: Any) -> str:
    """The page without what differs each time: tokens, and the id that was sent."""
    text = re.sub(r'(csrfmiddlewaretoken" value="|csrftoken": ")[^"]+', "", answer.content.decode())
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|nie-id", "ID", text)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_logging_in_leads_nowhere_else(world: World, target: str) -> None:
    """V28: `next` is followed inside this host only."""
    client = Client()
    form = {"login": world.people.zofia.user.email, "password": PASSWORD, "next": target}
    answer = client.post(reverse("account_login"), form)
    assert answer.status_code == 302
    assert host_of(answer.headers["Location"]) == "testserver"
    answer = client.post(f"{reverse('account_logout')}?{urlencode({'next': target})}")
    assert answer.status_code == 302
    assert host_of(answer.headers["Location"]) == "testserver"


def host_of(location: str) -> str:
    """Where a browser goes: it drops tabs and line ends, and takes a backslash for a slash."""
    heard = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return urlsplit(urljoin("http://testserver/konto/login/", heard)).netloc


def test_logging_in_leads_back_where_one_wanted_to_go(world: World) -> None:
    """V14, V28: `next` inside this host is followed, with a session of a new name."""
    client = Client()
    target = reverse("invoices:index", args=[world.hers.slug])
    sent_away = client.get(target)
    client.get(sent_away.headers["Location"])
    client.session["marker"] = "before"
    before = client.session.session_key
    form = {"login": world.people.zofia.user.email, "password": PASSWORD, "next": target}
    assert client.post(sent_away.headers["Location"], form).headers["Location"] == target
    assert client.session.session_key != before
    assert client.get(target).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(target).status_code == 302


def test_wrong_passwords_are_answered_alike(world: World) -> None:
    """V20: whether the address has an account is not for strangers to know."""
    answers = []
    for email in (world.people.zofia.user.email, "nikt@example.test"):
        answer = Client().post(reverse("account_login"), {"login": email, "password": "nie-to-haslo"})
        answers.append((answer.status_code, neutral(answer).replace(email, "E-MAIL")))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("field", ["szukaj", "stan", "miesiac", "po", "strona"])
@pytest.mark.parametrize("name", ["invoices:index", "contractors:index"])
def test_filters_take_anything(world: World, name: str, field: str) -> None:
    """V29: whatever stands in the address is a wish at most, never an error or a query of its own."""
    client, url = world.people.zofia.client, reverse(name, args=[world.hers.slug])
    wishes = (
        "' OR 1=1 --",
        '"; DROP TABLE x; --',
        "%",
        "\\",
        "\x00",
        "-1",
        "9" * 40,
        "2026-13",
        "ą" * 500,
        "{{7*7}}",
        "a\r\nb: c",
    )
    for wish in wishes:
        answer = client.get(url, {field: wish})
        assert (wish, answer.status_code) == (wish, 200)
        assert world.mine.canary.encode() not in answer.content.lower()
