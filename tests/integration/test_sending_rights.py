"""Whose right, whose credential, whose claim: what may change while a document waits or is on its way."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, override

import httpx
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import KSeFCredential, User
from accounts.services.ksef_access import NotConnected, endpoint_for, obtain_access
from accounts.services.ksef_connecting import (
    connect_with_self_signed_certificate,
    connect_with_token,
    disconnect,
)
from invoices import outbox
from invoices.domain.calendar import next_business_day
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import UPO, InvoiceEvent, KSeFSession, OutboxEntry, Submission
from invoices.services import outcomes, sending
from invoices.services.submission import submit_invoice
from ksef.gateway import Gateway
from roles.models import Role
from tests.builders import make_approved, reload, run_outbox, run_outbox_later

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}
LOG_IN = {"method": "POST", "path_regex": r"/v2/auth/(ksef-token|xades-signature)"}
UPO_PATH = {"method": "GET", "path_regex": r"/upo$"}


def problem(person: Person) -> str:
    with person.entered():
        return Submission.objects.get(closed_at=None).problem


def event_types(person: Person) -> list[str]:
    with person.entered():
        return list(InvoiceEvent.objects.order_by("seq").values_list("type", flat=True))


def received(simulator: Simulator) -> list[object]:
    found: list[object] = simulator.control("GET", "ledger")["received"]
    return found


def count_requests(simulator: Simulator, match: dict[str, str]) -> Callable[[], int]:
    """How many requests matched since now."""
    simulator.control(
        "PUT", "faults", {"faults": [{"match": match, "times": 0, "action": "delay", "seconds": 0}]}
    )
    return lambda: int(simulator.control("GET", "faults")["faults"][0]["hits"])


def take_away_the_right(person: Person) -> None:
    with person.entered():
        Role.objects.filter(name=person.actor.role).update(rights=["view"])


def lose_the_lease() -> None:
    """As if the worker had been stopped for longer than its lease."""
    OutboxEntry.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_right_that_is_gone_keeps_ksef_out_of_it(connected: People, simulator: Simulator) -> None:
    """S79, S53: nothing was posted, so the credential of somebody without the right is not used at all."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    take_away_the_right(alicja)
    requests = count_requests(simulator, {"path_regex": "/v2/"})
    run_outbox()
    assert (reload(alicja, invoice).state, requests()) == (State.APPROVED, 0)
    with alicja.entered():
        assert not KSeFSession.objects.exists()
    assert not OutboxEntry.objects.exists()


def test_a_doubt_is_resolved_whoever_has_left(connected: People, simulator: Simulator) -> None:
    """S79, I3: KSeF has the document of a person who was shut out meanwhile: it is accepted, not withdrawn."""
    alicja, beata = connected.alicja, connected.beata
    simulator.fail({"match": POST, "action": "drop_after"})
    invoice = make_approved(alicja)
    run_outbox()
    User.objects.filter(id=alicja.user.id).update(is_active=False)
    run_outbox_later()
    assert reload(beata, invoice).state == State.ACCEPTED
    assert len(received(simulator)) == 1


def test_a_doubt_that_proves_empty_posts_nothing_without_the_right(
    connected: People, simulator: Simulator
) -> None:
    """S79, F51: the bytes never arrived, and the right went meanwhile: back to the approved, nothing sent."""
    alicja = connected.alicja
    simulator.fail({"match": POST, "action": "drop_before"})
    invoice = make_approved(alicja)
    run_outbox()
    take_away_the_right(alicja)
    run_outbox_later()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.APPROVED
    assert event_types(alicja)[-3:] == [Event.CLAIMED, Event.DEFERRED, Event.WITHDRAWN]
    assert received(simulator) == []


def test_an_offline_document_goes_on_by_a_colleague(connected: People, simulator: Simulator) -> None:
    """F50, F51, S88: withdrawn after midnight it keeps mode and deadline, and goes as offline in her name."""
    alicja, beata = connected.alicja, connected.beata
    connect_with_self_signed_certificate(actor=beata.actor, company=beata.company)
    simulator.control("POST", "verdicts", {"codes": [550]})
    invoice = make_approved(alicja)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        run_outbox()
        assert reload(alicja, invoice).state == State.OFFLINE
        take_away_the_right(alicja)
        run_outbox_later()
        waiting = reload(beata, invoice)
        assert (waiting.state, waiting.mode) == (State.APPROVED, Mode.OFFLINE24)
        assert waiting.send_by == next_business_day(invoice.issue_date)
        with beata.entered() as actor:
            submit_invoice(actor=actor, invoice_id=invoice.id)
        run_outbox()
    assert reload(beata, invoice).state == State.ACCEPTED
    assert [entry["mode"] for entry in simulator.ledger()] == ["Offline"]


def test_a_revoked_token_waits_for_its_owner(people: People, simulator: Simulator) -> None:
    """F13, F15: KSeF refuses the log-in once and is then left alone; a new connection brings the rest through."""
    alicja = people.alicja
    issued = simulator.control("POST", "tokens", {"nip": alicja.company.nip})
    connect_with_token(actor=alicja.actor, company=alicja.company, token=issued["token"])
    bearer = {"Authorization": f"Bearer {access_of(alicja)}"}
    revoked = httpx.delete(f"{simulator.url}/v2/tokens/{issued['referenceNumber']}", headers=bearer)
    assert revoked.status_code == 204
    simulator.control("POST", "clock", {"offset": 20 * 60})  # The access token is over as well.
    invoice = make_approved(alicja)
    log_ins = count_requests(simulator, LOG_IN)
    run_outbox()
    assert (reload(alicja, invoice).state, problem(alicja)) == (State.QUEUED, "refused")
    run_outbox_later()
    assert log_ins() == 1
    settings_page = reverse("accounts:ksef", args=[alicja.company.slug])
    assert "KSeF odmawia dostępu" in alicja.client.get(settings_page).content.decode()
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    assert "KSeF odmawia dostępu" not in alicja.client.get(settings_page).content.decode()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED


def test_a_receipt_waits_for_its_owner_to_connect_again(connected: People, simulator: Simulator) -> None:
    """F27, S53: disconnected before the receipt came: accepted stays, nobody else's access is used."""
    alicja, beata = connected.alicja, connected.beata
    connect_with_self_signed_certificate(actor=beata.actor, company=beata.company)
    simulator.fail({"match": UPO_PATH, "action": "status", "status": 404})
    invoice = make_approved(alicja)
    run_outbox()
    with alicja.entered() as actor:
        disconnect(actor=actor, environment=invoice.environment, kind="practice")
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    with alicja.entered():
        assert not UPO.objects.exists()
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    run_outbox_later()
    with alicja.entered():
        assert UPO.objects.exists()


def test_a_receipt_renews_an_access_that_ended(connected: People, simulator: Simulator) -> None:
    """F12, F27: 401 at the receipt is not asked again with the same token."""
    alicja = connected.alicja
    simulator.fail({"match": UPO_PATH, "action": "status", "status": 401})
    make_approved(alicja)
    run_outbox()
    with alicja.entered():
        assert KSeFCredential.objects.get().access_token is None
    run_outbox_later()
    with alicja.entered():
        assert UPO.objects.exists()


class Meanwhile(httpx.BaseTransport):
    """Does something while KSeF is answering a token request."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._http = httpx.HTTPTransport()
        self._act = act

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._http.handle_request(request)
        if "/auth/token/" in request.url.path:
            self._act()
        return response

    @override
    def close(self) -> None:
        self._http.close()


@pytest.mark.parametrize("lost", ["access_valid_until", "refresh_valid_until"])
def test_a_credential_removed_during_its_renewal_stays_removed(lost: str, connected: People) -> None:
    """S53: whoever disconnects while a worker renews or logs in is disconnected."""
    alicja = connected.alicja
    environment = alicja.company.environment
    with alicja.entered():
        KSeFCredential.objects.update(**{"access_valid_until": None, lost: None})

    def remove() -> None:
        with alicja.entered() as actor:
            disconnect(actor=actor, environment=environment, kind="practice")

    with (
        Gateway(endpoint_for(environment), transport=Meanwhile(remove)) as gateway,
        pytest.raises(NotConnected),
    ):
        access_of(alicja, gateway=gateway)
    with alicja.entered():
        assert not KSeFCredential.objects.exists()


def test_a_lost_wrapping_key_asks_for_a_new_connection(
    connected: People, simulator: Simulator, settings: Settings
) -> None:
    """S25: secrets that no longer open are no crash: the person connects anew, an old session is left behind."""
    alicja = connected.alicja
    make_approved(alicja)
    run_outbox()
    settings.KWIT_KEYS = {"new": b"n" * 32}
    invoice = make_approved(alicja)
    run_outbox()
    assert (reload(alicja, invoice).state, problem(alicja)) == (State.QUEUED, "unreadable_credential")
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    with alicja.entered():
        assert KSeFSession.objects.filter(closed_at=None).count() == 1


def test_a_paused_worker_writes_nothing_late(connected: People, simulator: Simulator) -> None:
    """F39: its lease ran out and another claimed: the fencing number refuses whatever it knew."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    entry = OutboxEntry.objects.get()
    paused = outbox.claim(entry.id)
    assert paused is not None
    work = outcomes.load_work(paused)
    assert work is not None
    lose_the_lease()
    assert outbox.claim(entry.id) is not None
    late: tuple[Callable[[], object], ...] = (
        lambda: outcomes.begin_post(work, session_reference="late"),
        lambda: outcomes.record_reference(work, session_reference="late", reference="late"),
        lambda: outcomes.record_not_delivered(work, problem="unavailable", seconds=0),
        lambda: outcomes.record_waiting(work, problem="doubt", seconds=0),
    )
    for write in late:
        with pytest.raises(outbox.LostClaim):
            write()
    assert event_types(alicja) == [Event.APPROVED, Event.QUEUED]
    lose_the_lease()
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(received(simulator)) == 1


def test_a_poisoned_entry_is_parked_and_the_others_go_on(
    connected: People, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """F40: after five crashes in a row it rests for an hour, with an alarm."""
    alicja = connected.alicja
    poison = OutboxEntry.objects.create(
        kind=OutboxEntry.Kind.DELIVER,
        company_id=alicja.company.id,
        user_id=alicja.user.id,
        target_id=uuid.uuid4(),
        not_before=timezone.now() - timedelta(days=1),
    )
    for _crash in range(5):
        with pytest.raises(Submission.DoesNotExist):
            sending.run_entry(poison.id)
        lose_the_lease()
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    parked = OutboxEntry.objects.get()
    assert timedelta(minutes=59) < parked.not_before - timezone.now() <= timedelta(hours=1)
    assert [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)] == [
        "an entry is poison and was parked"
    ]


def access_of(person: Person, *, gateway: Gateway | None = None) -> str:
    environment = person.company.environment
    with gateway or Gateway(endpoint_for(environment)) as open_gateway:
        return obtain_access(
            gateway=open_gateway, company=person.company, environment=environment, user_id=person.user.id
        )
