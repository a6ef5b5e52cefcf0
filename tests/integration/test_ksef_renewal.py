"""A week of access, its end and its renewal by the password alone (S26-S38)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessNotice, AccessTimer, KSeFCredential
from accounts.services.access_timers import raise_due_notices, renew_due_access
from accounts.services.companies import add_member
from accounts.services.ksef_certificates import connect_with_certificate, renew_access
from accounts.services.ksef_connecting import connect_with_token
from invoices import outbox
from invoices.domain.lifecycle import State
from invoices.models import Submission
from invoices.services.demo_clock import SimulatedTime, simulated_time
from ksef.certificates import UnusableFile
from roles.access import ACCOUNTANT
from tests.builders import make_approved, make_draft, reload, run_outbox
from tests.certificates import PASSWORD, issue
from tests.integration.test_ksef_methods import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(committed_people: People) -> People:
    return committed_people


@pytest.fixture
def time(simulator: Simulator) -> Iterator[SimulatedTime]:
    """One clock for the portal and for KSeF."""
    with simulated_time() as simulated:
        yield simulated


@pytest.fixture
def start() -> datetime:
    # In the past, so that no log-in of a browser is over before its time.
    return timezone.now() - timedelta(days=20)


def connect(person: Person, simulator: Simulator) -> None:
    pair = issue(simulator, nip=person.company.nip)
    connect_with_certificate(actor=person.actor, company=person.company, files=files(pair))


def renewal_url(person: Person) -> str:
    return reverse("accounts:ksef_renew", args=[person.company.slug])


def dashboard(person: Person) -> str:
    return person.client.get(reverse("dashboard", args=[person.company.slug])).content.decode()


def problem(person: Person) -> str:
    with person.entered():
        return Submission.objects.get(closed_at=None).problem


def sent(person: Person) -> State:
    """What becomes of an invoice that is approved now."""
    invoice = make_approved(person)
    run_outbox()
    return State(reload(person, invoice).state)


def test_a_week_of_sends_then_a_notice_then_the_password(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """S26-S30, S33-S37: a login lasts seven days without a password; then sends wait and go by themselves."""
    alicja = people.alicja
    with time.at(start):
        connect(alicja, simulator)
    for day in range(7):
        with time.at(start + timedelta(days=day, hours=3)):
            assert sent(alicja) is State.ACCEPTED
    with time.at(start + timedelta(days=5, hours=1)):
        assert "Twój dostęp do KSeF wygasa" in dashboard(alicja)
    with time.at(start + timedelta(days=7, hours=1)):
        waiting = make_approved(alicja)
        run_outbox()
        assert reload(alicja, waiting).state == State.QUEUED
        assert problem(alicja) == "access_lapsed"
        home = dashboard(alicja)
        assert "Twój dostęp do KSeF wygasł: podaj hasło do certyfikatu" in home
        assert renewal_url(alicja) in home
        form = alicja.client.get(renewal_url(alicja)).content.decode()
        assert 'type="file"' not in form
        answer = alicja.client.post(renewal_url(alicja), {"password": PASSWORD}, follow=True)
        assert "Połączono z KSeF" in answer.content.decode()
        assert "Twój dostęp do KSeF wygasł" not in dashboard(alicja)
        # What the bell after the renewal does in a worker.
        assert outbox.resume(company_id=alicja.company.id, user_id=alicja.user.id) == 1
        run_outbox()
        assert reload(alicja, waiting).state == State.ACCEPTED
    with time.at(start + timedelta(days=14, hours=2)):
        assert "Twój dostęp do KSeF wygasł" in dashboard(alicja)


def test_token_and_certificate_side_by_side(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """S17, S28: after the week the company with a token goes on by itself, the one with a certificate waits."""
    alicja, zofia = people.alicja, people.zofia
    with time.at(start):
        connect(alicja, simulator)
        token = simulator.control("POST", "tokens", {"nip": zofia.company.nip})["token"]
        connect_with_token(actor=zofia.actor, company=zofia.company, token=token)
    with time.at(start + timedelta(days=8)):
        assert sent(alicja) is State.QUEUED
        assert sent(zofia) is State.ACCEPTED
        assert "wygasł" not in dashboard(zofia)


def test_a_wrong_password_changes_nothing(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """S31, S35: the message stands at the field; the certificate stays saved and the password is not shown."""
    with time.at(start):
        connect(people.alicja, simulator)
    with time.at(start + timedelta(days=8)):
        answer = people.alicja.client.post(renewal_url(people.alicja), {"password": "zle-Haslo-123!"})
        assert "To hasło nie pasuje do klucza" in answer.content.decode()
        assert "zle-Haslo-123!" not in answer.content.decode()
        with pytest.raises(UnusableFile):
            renew_access(actor=people.alicja.actor, environment="simulator", password="inne")
        answer = people.alicja.client.post(renewal_url(people.alicja), {"password": PASSWORD}, follow=True)
        assert "Połączono z KSeF" in answer.content.decode()


def test_one_password_renews_every_company_it_serves(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """S35: two companies, one certificate: one entry renews both; the other company's people see nothing."""
    alicja, zofia = people.alicja, people.zofia
    add_member(company_id=zofia.company.id, user_id=alicja.user.id, role_name=ACCOUNTANT)
    with time.at(start):
        simulator.grant(context=zofia.company.nip, nip=alicja.company.nip)
        pair = issue(simulator, nip=alicja.company.nip)
        outcomes = connect_with_certificate(
            actor=alicja.actor, company=alicja.company, files=files(pair), also=[zofia.company.id]
        )
        assert [outcome.error for outcome in outcomes] == [None, None]
    with time.at(start + timedelta(days=8)):
        form = alicja.client.get(renewal_url(alicja)).content.decode()
        assert "Pracownia Zofia" in form
        renewed = renew_access(actor=alicja.actor, environment="simulator", password=PASSWORD)
        assert [(outcome.company.name, outcome.error) for outcome in renewed] == [
            ("Instalacje Alicja", None),
            ("Pracownia Zofia", None),
        ]
        assert "Twój dostęp do KSeF" not in dashboard(zofia)
        assert (
            "Brak połączenia"
            in zofia.client.get(reverse("accounts:ksef", args=[zofia.company.slug])).content.decode()
        )


def test_notices_go_to_the_holder_once(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """S33, S36, S38, C7: at two days, one day and the end, once each, to nobody else; again at the next expiry."""
    alicja = people.alicja
    with time.at(start):
        connect(alicja, simulator)
    mail.outbox.clear()
    for hours in (1, 121, 122, 145, 146, 169, 170):
        with time.at(start + timedelta(hours=hours)):
            raise_due_notices()
    with alicja.entered():
        raised = AccessNotice.objects.order_by("-days_before").values_list("about", "days_before")
        assert list(raised) == [("access", 2), ("access", 1), ("access", 0)]
    assert [letter.to for letter in mail.outbox] == [[alicja.user.email]] * 3
    assert "podaj hasło do certyfikatu" in mail.outbox[0].body
    assert "Twój dostęp do KSeF" not in dashboard(people.beata)
    with people.beata.entered():
        assert not AccessNotice.objects.exists()
    with time.at(start + timedelta(days=8)):
        renew_access(actor=alicja.actor, environment="simulator", password=PASSWORD)
    with time.at(start + timedelta(days=13, hours=1)):
        assert raise_due_notices() == 1


def test_a_mail_server_that_is_away_is_tried_again(
    people: People,
    simulator: Simulator,
    time: SimulatedTime,
    start: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F45: the notice is raised all the same, and its letter goes when the server is back."""
    with time.at(start):
        connect(people.alicja, simulator)
    away = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9},
        }
    }
    with time.at(start + timedelta(hours=121)), monkeypatch.context() as patch:
        patch.setattr(django_settings, "MAILERS", away)
        assert raise_due_notices() == 1
    mail.outbox.clear()
    with time.at(start + timedelta(hours=121, minutes=11)):
        assert raise_due_notices() == 0
    assert len(mail.outbox) == 1


def test_access_in_use_is_renewed_before_it_ends(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """S30, C5: three minutes ahead and only while somebody uses it; what nobody uses costs KSeF no call."""
    alicja = people.alicja
    with time.at(start):
        connect(alicja, simulator)
        assert sent(alicja) is State.ACCEPTED
    with time.at(start + timedelta(minutes=5)):
        assert renew_due_access() == 0
    with time.at(start + timedelta(minutes=13)):
        assert renew_due_access() == 1
        with alicja.entered():
            until = KSeFCredential.objects.get().access_valid_until
        assert until is not None
        assert until > timezone.now() + timedelta(minutes=14)
    with time.at(start + timedelta(hours=3)):
        AccessTimer.objects.update(renew_at=timezone.now())
        renew_due_access()
        assert AccessTimer.objects.get().renew_at is None


def test_a_certificate_announces_its_own_end(
    people: People, simulator: Simulator, time: SimulatedTime, start: datetime
) -> None:
    """F15: thirty days ahead the dashboard says that the certificate ends."""
    pair = issue(simulator, nip=people.alicja.company.nip, valid_days=25)
    connect_with_certificate(actor=people.alicja.actor, company=people.alicja.company, files=files(pair))
    make_draft(people.alicja)
    assert "Twój certyfikat KSeF traci ważność" in dashboard(people.alicja)
