"""Roles and who holds them: the form, what a change means for whom, and that somebody always administers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import HelpAnswer, User
from invoices.domain.lifecycle import State
from roles.access import MissingRight, Right
from roles.models import AuditEntry, Membership, Role
from roles.services.memberships import change_member_role, deactivate_member
from roles.services.roles import change_role, create_role, delete_role
from tests.builders import make_approved, reload, run_outbox
from tests.people import prove

if TYPE_CHECKING:
    from django.test import Client

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SEND = "Uprawnienie do wysyłania dokumentów do KSeF i odbierania UPO"
SEND_AUTOMATICALLY = "Automatyczne wysyłanie dokumentów do KSeF"
HELP = "Jak nadać uprawnienia Użytkownikowi poprzez przypisanie mu roli?"
ON = "on"


def role_of(person: Person, name: str) -> Role:
    with person.entered():
        return Role.objects.get(name=name)


def role_url(person: Person, name: str) -> str:
    return reverse("users:role", args=[person.company.slug, role_of(person, name).id])


def member_url(person: Person, page: str = "users:member") -> str:
    membership = Membership.objects.get(user=person.user)
    return reverse(page, args=[person.company.slug, membership.id])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def main_of(answer: Any) -> str:
    page = text(answer)
    return page[page.index('id="main"') :]


def actions(person: Person) -> list[str]:
    with person.entered():
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def make_second_administrator(people: People) -> None:
    administrator = role_of(people.alicja, "Administrator")
    Membership.objects.filter(user=people.beata.user).update(role=administrator)


def as_sent(client: Client, url: str, **changes: str | None) -> dict[str, str]:
    """The form as the page draws it, with changes; None takes a tick away."""
    page = text(client.get(url))
    form = {"name": "", "version": ""}
    for name in form:
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', page)
        form[name] = (found[1] or found[2]) if found else ""
    form |= {right: ON for right in Right if re.search(rf'name="{right}"[^>]*checked', page)}
    form |= {name: value for name, value in changes.items() if value is not None}
    return {name: value for name, value in form.items() if changes.get(name, "") is not None}


def test_the_form_names_the_two_rights_of_ksef(people: People) -> None:
    """S67-S69, S74, S77: in groups, the two KSeF rights by their names, and the link to the help."""
    page = main_of(people.alicja.client.get(role_url(people.alicja, "Księgowy")))
    for group in (
        *("Podgląd", "Wystawianie", "Zatwierdzanie", "KSeF", "Odbiór"),
        *("Rejestr", "Ustawienia", "Użytkownicy"),
    ):
        assert f"<legend>{group}</legend>" in page
    assert SEND in page
    assert SEND_AUTOMATICALLY in page
    assert page.index(SEND) < page.index(SEND_AUTOMATICALLY)
    assert HELP in page


@pytest.mark.parametrize(
    "page", ["users:index", "users:invite", "users:roles", "accounts:ksef", "accounts:plan"]
)
def test_the_help_on_roles_is_linked_where_it_is_needed(people: People, page: str) -> None:
    """S77, S110: by its title, from the people, the roles, the plan and the KSeF tab."""
    slug = people.alicja.company.slug
    answer = text(people.alicja.client.get(reverse(page, args=[slug])))
    assert re.search(rf'href="{reverse("accounts:help_roles", args=[slug])}">{re.escape(HELP)}', answer)


@pytest.mark.parametrize(("article", "other"), [("roles", "sending"), ("sending", "roles")])
def test_help_asks_whether_it_helped(people: People, article: str, other: str) -> None:
    """S77, S110: one answer per person and article, and the related articles are linked."""
    cezary = people.cezary
    url = reverse(f"accounts:help_{article}", args=[cezary.company.slug])
    client = cezary.client
    page = text(client.get(url))
    assert "Czy ten artykuł był pomocny?" in page
    assert reverse(f"accounts:help_{other}", args=[cezary.company.slug]) in page
    for answer in ("yes", "no"):
        assert client.post(url, {"is_helpful": answer, "comment": "Za krótko"}).status_code == 302
    assert "Twoja odpowiedź jest zapisana" in text(client.get(url))
    with cezary.entered():
        assert HelpAnswer.objects.get(article=article).is_helpful is False


def test_automatic_sending_needs_the_right_to_send(people: People) -> None:
    """S76: refused by the form and by the service, and nothing is changed; unlocked together with the first."""
    alicja = people.alicja
    url, client = role_url(alicja, "Wystawca"), alicja.client
    answer = client.post(url, as_sent(client, url, send_automatically=ON))
    assert answer.status_code == 200
    assert "działa tylko razem z pierwszym" in text(answer)
    assert 'data-needs="id_send"' in text(answer)
    assert role_of(alicja, "Wystawca").version == 1
    with alicja.entered() as actor, pytest.raises(Exception, match="send_first"):
        create_role(actor=actor, name="Nowa", rights=frozenset({Right.SEND_AUTOMATICALLY}))
    answer = client.post(url, as_sent(client, url, send=ON, send_automatically=ON, confirmed="yes"))
    assert answer.status_code == 302
    assert people.cezary.actor.may(Right.SEND_AUTOMATICALLY)


def test_what_touches_people_is_shown_before_it_is_saved(people: People) -> None:
    """S65, S79: who gains and loses what; saved by the second click only, for the next request of each."""
    alicja, cezary = people.alicja, people.cezary
    url, client = role_url(alicja, "Wystawca"), alicja.client
    form = as_sent(client, url, send=ON, approve=None)
    page = main_of(client.post(url, form))
    assert "Cezary Testowa" in page
    assert "Beata Testowa" not in page
    assert page.index("zyskuje") < page.index(SEND) < page.index("traci") < page.index("Zatwierdzanie faktur")
    assert not cezary.actor.may(Right.SEND)
    again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    again |= {right: ON for right in Right if re.search(rf'name="{right}" value="True"', page)}
    again.pop("csrfmiddlewaretoken", None)
    assert client.post(url, again).status_code == 302
    assert cezary.actor.rights == {Right.VIEW, Right.ISSUE, Right.SEND}
    assert actions(alicja) == ["role_changed"]


def test_a_role_that_nobody_has_is_saved_at_once(people: People) -> None:
    """S67: new, by copy, renamed, deleted; the copy holds what its pattern holds."""
    alicja = people.alicja
    client, slug = alicja.client, alicja.company.slug
    pattern = role_of(alicja, "Księgowy")
    new = reverse("users:new_role", args=[slug])
    form = as_sent(client, f"{new}?wzor={pattern.id}")
    assert form["name"] == "Kopia: Księgowy"
    assert client.post(new, form | {"name": "Asystentka"}).status_code == 302
    assert set(role_of(alicja, "Asystentka").rights) == set(pattern.rights)
    url = role_url(alicja, "Asystentka")
    assert client.post(url, as_sent(client, url, name="  Pomoc   biura ")).status_code == 302
    role = role_of(alicja, "Pomoc biura")
    gone = reverse("users:delete_role", args=[slug, role.id])
    assert "Ktoś zmienił tę rolę" in text(client.post(gone, {"version": "1"}, follow=True))
    client.post(gone, {"version": "2"})
    with alicja.entered():
        assert not Role.objects.filter(id=role.id).exists()
    assert actions(alicja) == ["role_created", "role_changed", "role_deleted"]


def test_a_role_that_somebody_has_stays(people: People) -> None:
    """S67: deleting it would leave people without any."""
    alicja = people.alicja
    role = role_of(alicja, "Wystawca")
    url = reverse("users:delete_role", args=[alicja.company.slug, role.id])
    assert "Ktoś ma tę rolę" in text(alicja.client.post(url, {"version": "1"}, follow=True))
    assert role_of(alicja, "Wystawca") == role


def test_a_name_is_used_once(people: People) -> None:
    """S67: said at the field, whatever the letters' case."""
    client, url = people.alicja.client, reverse("users:new_role", args=[people.alicja.company.slug])
    answer = client.post(url, {"name": "księgowy", "issue": ON})
    assert "Jest już rola o tej nazwie" in text(answer)
    assert 'value="księgowy"' in text(answer)


def test_a_form_opened_before_somebody_elses_change_is_refused(people: People) -> None:
    """S79: what was typed stays, and sending it again replaces the other change knowingly."""
    alicja = people.alicja
    url, client = role_url(alicja, "Wystawca"), alicja.client
    stale = as_sent(client, url, register=ON, confirmed="yes")
    with alicja.entered() as actor:
        role = Role.objects.get(name="Wystawca")
        change_role(actor=actor, role_id=role.id, name="Wystawca", rights=frozenset({Right.ISSUE}), version=1)
    answer = client.post(url, stale)
    assert "Ktoś zmienił tę rolę" in text(answer)
    assert role_of(alicja, "Wystawca").rights == ["issue", "view"]
    assert re.search(r'name="version"[^>]*value="2"|value="2"[^>]*name="version"', text(answer))
    assert re.search(r'name="register"[^>]*checked', text(answer))
    assert client.post(url, stale | {"version": "2"}).status_code == 302
    assert "register" in role_of(alicja, "Wystawca").rights


def test_somebody_gets_another_role(people: People) -> None:
    """S68, S79: what it means for them first; from then on their next request holds it."""
    alicja, cezary = people.alicja, people.cezary
    client, url = alicja.client, member_url(cezary)
    issuer, accountant = role_of(alicja, "Wystawca"), role_of(alicja, "Księgowy")
    form = {"role": str(accountant.id), "seen": str(issuer.id)}
    page = main_of(client.post(url, form))
    assert "zyskuje" in page
    assert SEND in page
    assert not cezary.actor.may(Right.SEND)
    assert client.post(url, form | {"confirmed": "yes"}).status_code == 302
    assert cezary.actor.may(Right.SEND)
    assert actions(alicja) == ["member_role_changed"]
    other = {"role": str(role_of(alicja, "Administrator").id), "seen": str(issuer.id), "confirmed": "yes"}
    assert "Ktoś zmienił rolę tej osoby" in text(client.post(url, other, follow=True))
    assert cezary.actor.role == "Księgowy"


def test_a_right_taken_away_stops_what_waits(connected: People, simulator: Simulator) -> None:
    """S79: queued by alicja, whose role then loses the right: nothing is sent, and the invoice waits approved."""
    alicja = connected.alicja
    make_second_administrator(connected)
    with alicja.entered() as actor:
        viewer = create_role(actor=actor, name="Tylko podgląd", rights=frozenset())
    invoice = make_approved(alicja)
    with connected.beata.entered() as actor:
        membership = Membership.objects.get(user=alicja.user)
        change_member_role(
            actor=actor,
            membership_id=membership.id,
            role_id=viewer.id,
            seen_role_id=membership.role_id,
        )
    run_outbox()
    assert reload(alicja, invoice).state == State.APPROVED
    assert simulator.control("GET", "ledger")["received"] == []


def test_somebody_who_is_switched_off_is_out_at_once_and_can_come_back(people: People) -> None:
    """S79: the next request finds nothing; what they did stays; the list brings them back in their role."""
    alicja, cezary = people.alicja, people.cezary
    client, theirs = alicja.client, cezary.client
    page = reverse("dashboard", args=[cezary.company.slug])
    assert theirs.get(page).status_code == 200
    client.post(member_url(cezary, "users:deactivate"))
    assert theirs.get(page).status_code == 404
    listed = text(client.get(reverse("users:index", args=[alicja.company.slug])))
    assert "dostęp wyłączony" in listed
    client.post(member_url(cezary, "users:reactivate"))
    assert theirs.get(page).status_code == 200
    assert actions(alicja) == ["member_deactivated", "member_reactivated"]


def test_the_last_administrator_stays(people: People) -> None:
    """S66: neither the right of the role, nor the role, nor the membership can go; each refusal is written down."""
    alicja = people.alicja
    client = alicja.client
    administrator, issuer = role_of(alicja, "Administrator"), role_of(alicja, "Wystawca")
    url = role_url(alicja, "Administrator")
    answers = [
        client.post(url, as_sent(client, url, users=None, confirmed="yes")),
        client.post(
            member_url(alicja),
            {"role": str(issuer.id), "seen": str(administrator.id), "confirmed": "yes"},
            follow=True,
        ),
        client.post(member_url(alicja, "users:deactivate"), follow=True),
    ]
    for answer in answers:
        assert "ostatnia osoba, która zarządza użytkownikami" in text(answer)
    assert alicja.actor.rights == frozenset(Right)
    assert actions(alicja) == ["last_administrator_kept"] * 3


def test_one_of_two_administrators_may_go(people: People) -> None:
    """S66: with another one there, leaving is allowed, also one's own; a person who is shut out does not count."""
    alicja, beata = people.alicja, people.beata
    make_second_administrator(people)
    beata.user.is_active = False
    beata.user.save()
    client = alicja.client
    assert "ostatnia osoba" in text(client.post(member_url(alicja, "users:deactivate"), follow=True))
    beata.user.is_active = True
    beata.user.save()
    assert client.post(member_url(alicja, "users:deactivate")).headers["Location"] == "/"
    assert not Membership.objects.get(user=alicja.user).is_active


def test_services_ask_again(people: People) -> None:
    """S78: whoever reaches a service past its view is refused all the same."""
    with people.beata.entered() as actor:
        role, membership = Role.objects.get(name="Wystawca"), Membership.objects.get(user=people.cezary.user)
        acts = (
            lambda: create_role(actor=actor, name="x", rights=frozenset()),
            lambda: change_role(actor=actor, role_id=role.id, name="x", rights=frozenset(), version=1),
            lambda: delete_role(actor=actor, role_id=role.id, version=1),
            lambda: deactivate_member(actor=actor, membership_id=membership.id),
            lambda: change_member_role(
                actor=actor, membership_id=membership.id, role_id=role.id, seen_role_id=role.id
            ),
        )
        for act in acts:
            with pytest.raises(MissingRight):
                act()


def test_administrators_see_whether_somebody_is_connected_and_nothing_more(connected: People) -> None:
    """S53: connected or not; no serial, no token, no certificate of anybody."""
    make_second_administrator(connected)
    page = main_of(connected.beata.client.get(reverse("users:index", args=[connected.beata.company.slug])))
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    alicja = next(row for row in rows if "Alicja Testowa" in row)
    cezary = next(row for row in rows if "Cezary Testowa" in row)
    connection = 'data-label="Połączenie z KSeF">'
    assert alicja.split(connection)[1].split()[0] == "tak"
    assert cezary.split(connection)[1].split()[0] == "nie"


@pytest.mark.parametrize("name", ["users:index", "users:roles", "users:journal"])
def test_long_lists_cost_no_more_queries(people: People, name: str) -> None:
    """House rule 3: as many queries for fifty more people and roles as without them."""
    alicja = people.alicja
    client, url = alicja.client, reverse(name, args=[alicja.company.slug])
    counts = []
    for number in (0, 50):
        _add_people(alicja, number)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def _add_people(owner: Person, count: int) -> None:
    with owner.entered() as actor:
        for number in range(count):
            role = create_role(actor=actor, name=f"Rola {number}", rights=frozenset())
            user = User.objects.create_user(email=f"osoba{number}@example.test", full_name="Osoba")
            Membership.objects.create(user=user, company=owner.company, role=role)


@pytest.mark.parametrize("name", ["accounts:plan", "users:invite", "users:new_role"])
def test_a_stale_session_changes_nothing_about_people(people: People, name: str) -> None:
    """V21: without a fresh confirmation the form leads to the confirmation and nothing is written."""
    alicja = people.alicja
    client, url = alicja.client, reverse(name, args=[alicja.company.slug])
    prove(client, alicja.user, at=1.0)
    form = {"plan": "efaktury", "seen": "plus", "name": "Nowa", "email": "nowa@example.test"}
    form["role"] = str(role_of(alicja, "Księgowy").id)
    for answer in (client.get(url), client.post(url, form)):
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert actions(alicja) == []
