"""Inviting: from the form to the letter, from the letter into the company; and every way in which a link ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.services.invitations import accept_invitation
from roles.models import AuditEntry, Membership, Role
from roles.tenancy import tenant_transaction
from tests.factors import PASSWORD, give_password, log_in

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from pytest_django.fixtures import Settings

    from tests.people import People, Person

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

EMAIL = "nowa@example.test"
LINK = re.compile(r"https?://[^/]+(/zaproszenie/[\w-]+/)")


def role_id(person: Person, name: str) -> str:
    with person.entered():
        return str(Role.objects.get(name=name).id)


def invite(person: Person, *, email: str = EMAIL, role: str = "Księgowy") -> None:
    url = reverse("users:invite", args=[person.company.slug])
    answer = person.client.post(url, {"email": email, "role": role_id(person, role)})
    assert answer.status_code == 302, answer.content.decode()


def link_in(letter: EmailMessage) -> str:
    found = LINK.search(str(letter.body))
    assert found is not None, letter.body
    return found[1]


def token_in(letter: EmailMessage) -> str:
    return link_in(letter).split("/")[2]


def somebody(email: str = EMAIL) -> Client:
    """A browser of somebody who has an account and no company."""
    user = User.objects.create_user(email=email, full_name="Nowa Osoba")
    give_password(user)
    return log_in(user)


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined,no-any-return]


def memberships(person: Person) -> dict[str, str]:
    with person.entered():
        rows = Membership.objects.select_related("user", "role").filter(company_id=person.company.id)
        return {row.user.email: row.role.name for row in rows if row.is_active}


def pending(person: Person) -> Invitation:
    with person.entered():
        return Invitation.objects.get(accepted_at=None, withdrawn_at=None)


def test_from_the_form_to_the_company(people: People, mailoutbox: list[EmailMessage]) -> None:
    """S66, S68: invited in a role, the person with an account joins by one click and holds what the role holds."""
    alicja = people.alicja
    invite(alicja)
    [letter] = mailoutbox
    assert letter.to == [EMAIL]
    assert "Instalacje Alicja" in letter.subject
    page = text(alicja.client.get(reverse("users:index", args=[alicja.company.slug])))
    assert EMAIL in page
    client = somebody()
    offer = text(client.get(link_in(letter)))
    assert "Alicja Testowa zaprasza Cię" in offer
    answer = client.post(link_in(letter))
    assert answer.headers["Location"] == reverse("dashboard", args=[alicja.company.slug])
    assert memberships(alicja)[EMAIL] == "Księgowy"
    assert EMAIL in text(alicja.client.get(reverse("users:index", args=[alicja.company.slug])))
    with alicja.entered():
        actions = list(AuditEntry.objects.order_by("at").values_list("action", flat=True))
    assert actions == ["member_invited", "invitation_accepted"]


def test_somebody_without_an_account_signs_up_from_the_link(
    people: People, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    """S66: sign up from the link, confirm the address, log in; a page without a company points to the link."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    invite(people.alicja)
    link = link_in(mailoutbox[0])
    client = Client()
    page = text(client.get(link))
    assert f"{reverse('account_signup')}?next={link}" in page
    form = {
        "email": EMAIL,
        "full_name": "Nowa Osoba",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "next": link,
    }
    client.post(reverse("account_signup"), form)
    confirmation = re.search(r"http://testserver(/konto/confirm-email/[^/]+/)", str(mailoutbox[1].body))
    assert confirmation is not None
    client.post(confirmation[1])
    log_in(User.objects.get(email=EMAIL), client=client)
    assert "Otwórz jeszcze raz link z zaproszenia" in text(client.get("/", follow=True))
    assert "Dołącz do firmy" in text(client.get(link))
    assert client.post(link).headers["Location"] == reverse("dashboard", args=[people.alicja.company.slug])
    assert memberships(people.alicja)[EMAIL] == "Księgowy"


def test_where_addresses_need_no_proof_the_way_leads_straight_back(
    people: People, mailoutbox: list[EmailMessage]
) -> None:
    """S66: as in the demo: signing up and logging in both return to the invitation."""
    invite(people.alicja)
    link = link_in(mailoutbox[0])
    form = {
        "email": EMAIL,
        "full_name": "Nowa Osoba",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "next": link,
    }
    client = Client()
    assert client.post(reverse("account_signup"), form).headers["Location"] == link
    client.post(reverse("account_logout"))
    credentials = {"login": EMAIL, "password": PASSWORD, "next": link}
    assert client.post(reverse("account_login"), credentials).headers["Location"] == link
    assert "Dołącz do firmy" in text(client.get(link))


def test_a_link_works_once(people: People, mailoutbox: list[EmailMessage]) -> None:
    """S78: used, it says so, to whoever holds it, and lets nobody in again."""
    invite(people.alicja)
    client = somebody()
    client.post(link_in(mailoutbox[0]))
    Membership.objects.filter(user__email=EMAIL).update(is_active=False)
    for browser in (client, Client()):
        assert "To zaproszenie zostało już przyjęte" in text(browser.post(link_in(mailoutbox[0])))
    assert EMAIL not in memberships(people.alicja)


def test_a_link_works_for_a_week(people: People, mailoutbox: list[EmailMessage]) -> None:
    """S78: after seven days it says so; a new letter brings it back."""
    invite(people.alicja)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        client = somebody()
        assert "To zaproszenie wygasło" in text(client.post(link_in(mailoutbox[0])))
        assert EMAIL not in memberships(people.alicja)
        url = reverse("users:resend", args=[people.alicja.company.slug, pending(people.alicja).id])
        people.alicja.client.post(url)
        assert client.post(link_in(mailoutbox[1])).status_code == 302
    assert EMAIL in memberships(people.alicja)


def test_a_new_letter_kills_the_link_before_it(people: People, mailoutbox: list[EmailMessage]) -> None:
    """S78: of two letters only the newer one opens anything."""
    invite(people.alicja)
    url = reverse("users:resend", args=[people.alicja.company.slug, pending(people.alicja).id])
    people.alicja.client.post(url)
    client = somebody()
    assert "Ten link nie działa" in text(client.post(link_in(mailoutbox[0])))
    assert client.post(link_in(mailoutbox[1])).status_code == 302


def test_a_withdrawn_link_says_so(people: People, mailoutbox: list[EmailMessage]) -> None:
    """S78: withdrawn before it was used; withdrawing again says that it has ended."""
    invite(people.alicja)
    url = reverse("users:withdraw", args=[people.alicja.company.slug, pending(people.alicja).id])
    client = people.alicja.client
    assert "Zaproszenie wycofane" in text(client.post(url, follow=True))
    assert "już przyjęte albo wycofane" in text(client.post(url, follow=True))
    newcomer = somebody()
    assert "To zaproszenie zostało wycofane" in text(newcomer.post(link_in(mailoutbox[0])))
    assert EMAIL not in memberships(people.alicja)


def test_an_invitation_ends_with_the_right_of_whoever_sent_it(
    people: People, mailoutbox: list[EmailMessage]
) -> None:
    """S79: whoever is dismissed leaves no door open behind them."""
    alicja, beata = people.alicja, people.beata
    with alicja.entered():
        administrator = Role.objects.get(name="Administrator")
    Membership.objects.filter(user=beata.user).update(role=administrator)
    invite(beata)
    Membership.objects.filter(user=beata.user).update(is_active=False)
    assert "To zaproszenie zostało wycofane" in text(somebody().post(link_in(mailoutbox[0])))
    assert EMAIL not in memberships(alicja)


def test_a_wrong_account_is_told_so_and_may_leave(people: People, mailoutbox: list[EmailMessage]) -> None:
    """S78: the link is bound to its address: another account is refused, and can log out right there."""
    invite(people.alicja)
    link = link_in(mailoutbox[0])
    zofia = people.zofia.client
    page = text(zofia.get(link))
    assert "To zaproszenie jest dla innego konta" in page
    assert EMAIL not in page
    assert zofia.post(link).status_code == 403
    assert people.zofia.user.email not in memberships(people.alicja)
    answer = zofia.post(reverse("account_logout"), {"next": link})
    assert answer.headers["Location"] == link
    assert "Załóż konto" in text(zofia.get(link))


def test_the_answer_is_the_same_whether_the_address_has_an_account(
    people: People, mailoutbox: list[EmailMessage]
) -> None:
    """V20: neither the administrator's page nor the page of the link tells."""
    answers = []
    for email in ("obca@example.test", people.zofia.user.email):
        invite(people.alicja, email=email)
        listed = text(people.alicja.client.get(reverse("users:index", args=[people.alicja.company.slug])))
        opened = text(Client().get(link_in(mailoutbox[-1])))
        url = reverse("users:withdraw", args=[people.alicja.company.slug, pending(people.alicja).id])
        people.alicja.client.post(url)
        seen = listed[listed.index("Zaproszenia, które czekają") :].replace(email, "adres") + opened
        seen = re.sub(
            r'csrfmiddlewaretoken" value="[^"]+|[0-9a-f-]{36}|/zaproszenie/[\w-]+|%2F[\w-]+%2F', "", seen
        )
        answers.append(re.sub(r"\d\d:\d\d", "", seen))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("beata@example.test", "Ta osoba już jest w firmie."),
        ("BEATA@example.test", "Ta osoba już jest w firmie."),
        ("cezary@example.test", "Przywróć jej dostęp na liście"),
        (EMAIL, "Ten adres ma już zaproszenie."),
        ("nie adres", "Wprowadź poprawny adres"),
    ],
)
def test_who_need_not_be_invited(people: People, email: str, message: str) -> None:
    """S66: said at the field, what was typed stays, and no second invitation is made."""
    alicja = people.alicja
    Membership.objects.filter(user=people.cezary.user).update(is_active=False)
    invite(alicja)
    url = reverse("users:invite", args=[alicja.company.slug])
    page = text(alicja.client.post(url, {"email": email, "role": role_id(alicja, "Księgowy")}))
    assert message in page
    assert f'value="{email}"' in page
    with alicja.entered():
        assert Invitation.objects.count() == 1


def test_a_role_of_another_company_is_no_choice(people: People) -> None:
    """V4: a foreign id is refused as one that does not exist."""
    url = reverse("users:invite", args=[people.alicja.company.slug])
    form = {"email": EMAIL, "role": role_id(people.zofia, "Administrator")}
    assert people.alicja.client.post(url, form).status_code == 200
    with people.alicja.entered():
        assert not Invitation.objects.exists()


def test_a_mail_server_that_is_away_loses_nothing(
    people: People, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    """F45: the invitation is kept, the list says that its letter did not go, and one click sends it again."""
    alicja = people.alicja
    working = settings.MAILERS
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    url = reverse("users:invite", args=[alicja.company.slug])
    client = alicja.client
    answer = client.post(url, {"email": EMAIL, "role": role_id(alicja, "Księgowy")}, follow=True)
    assert "poczta teraz nie działa" in text(answer)
    assert "list nie wyszedł" in text(answer)
    settings.MAILERS = working
    resend = reverse("users:resend", args=[alicja.company.slug, pending(alicja).id])
    assert "list nie wyszedł" not in text(client.post(resend, follow=True))
    assert somebody().post(link_in(mailoutbox[0])).status_code == 302


def test_only_a_hash_of_the_link_is_stored(people: People, mailoutbox: list[EmailMessage]) -> None:
    """V32: whoever reads the database cannot open the door."""
    invite(people.alicja)
    token = token_in(mailoutbox[0])
    invitation = pending(people.alicja)
    assert token not in str(invitation.__dict__)
    assert token[32:] not in str(invitation.__dict__)
    assert len(token[32:]) >= 43
    assert len(invitation.token_hash) == 64


def test_letters_to_one_address_are_limited(people: People, mailoutbox: list[EmailMessage]) -> None:
    """V20: five in five minutes; the sixth is not sent, and says so."""
    alicja = people.alicja
    invite(alicja)
    client = alicja.client
    url = reverse("users:resend", args=[alicja.company.slug, pending(alicja).id])
    answers = [text(client.post(url, follow=True)) for _ in range(5)]
    assert "Zbyt wiele zaproszeń" in answers[-1]
    assert "Zbyt wiele zaproszeń" not in answers[-2]
    assert len(mailoutbox) == 5


@pytest.mark.parametrize("change", ["0" * 32, "f" * 32])
def test_a_guessed_link_opens_nothing(people: People, mailoutbox: list[EmailMessage], change: str) -> None:
    """S78: another company in front of a right secret, or a wrong secret, are as unknown as nonsense."""
    invite(people.alicja)
    token = token_in(mailoutbox[0])
    client = somebody()
    for guess in (change + token[32:], token[:-1], people.zofia.company.id.hex + token[32:], "x"):
        assert "Ten link nie działa" in text(client.post(reverse("invitation", args=[guess])))
    assert EMAIL not in memberships(people.alicja)


def test_an_invited_member_under_another_address_keeps_the_role(
    people: People, mailoutbox: list[EmailMessage]
) -> None:
    """S68: an active member who accepts an invitation to their new address is not demoted by it."""
    alicja = people.alicja
    invite(alicja, role="Wystawca")
    alicja.user.email = EMAIL
    alicja.user.save()
    accept_invitation(user=alicja.user, token=token_in(mailoutbox[0]))
    assert memberships(alicja)[EMAIL] == "Administrator"


def test_a_role_somebody_is_invited_to_cannot_be_deleted(people: People) -> None:
    """S67: the role is needed until the invitation has ended."""
    alicja = people.alicja
    Membership.objects.filter(user=people.cezary.user).update(role_id=role_id(alicja, "Księgowy"))
    invite(alicja, role="Wystawca")
    role = role_id(alicja, "Wystawca")
    url = reverse("users:delete_role", args=[alicja.company.slug, role])
    client = alicja.client
    assert "Ktoś ma tę rolę albo jest do niej zaproszony" in text(
        client.post(url, {"version": "1"}, follow=True)
    )
    client.post(reverse("users:withdraw", args=[alicja.company.slug, pending(alicja).id]))
    assert "Usunięto rolę" in text(client.post(url, {"version": "1"}, follow=True))
    with tenant_transaction(alicja.company.id):
        assert not Role.objects.filter(id=role).exists()
