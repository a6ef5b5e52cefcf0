"""A paced client under KSeF's production limits: an hour of work, and not one 429 (F8, section 12)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

import httpx
import pytest

from ksef.batch import pack
from ksef.certificates import self_signed_seal
from ksef.crypto import new_symmetric_key
from ksef.errors import Limited, Refused
from ksef.exchange.batches import Batch, UploadOutcome
from ksef.gateway import Endpoint, Environment, Gateway
from ksef.gateway.paging import every
from ksef.pacing import Pacer, RateGroup
from ksef.simulator.app import Simulator, create_app
from ksef.simulator.world import Options
from ksef.status import InvoiceFate, SessionFate, invoice_fate, session_fate
from tests.contract.ministry import SELLER, Clock, make_invoice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ksef.exchange import OnlineSession

pytestmark = pytest.mark.contract

HOUR = 3600.0


class Latency(httpx.BaseTransport):
    """The way to the simulator: every call takes its time, and every status is counted."""

    def __init__(self, app: Simulator, clock: Clock) -> None:
        self._inner = httpx.WSGITransport(app=app)
        self._clock = clock
        self.statuses: Counter[int] = Counter()
        self.asked: list[str] = []

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.advance(seconds=0.04)
        response = self._inner.handle_request(request)
        self._clock.advance(seconds=0.03)
        self.statuses[response.status_code] += 1
        self.asked.append(f"{request.method} {request.url.path}")
        return response


@dataclass(slots=True)
class Office:
    """Somebody with a lot to send, who waits whenever told to and renews the access in time."""

    gateway: Gateway
    clock: Clock
    pacer: Pacer
    wire: Latency
    refresh: str = ""
    access: str = ""
    renewed: float = 0.0
    waited: list[float] = field(default_factory=list)

    def enter(self) -> None:
        seal = self_signed_seal(nip=SELLER, name="Próba", now=self.clock.now)
        login = self.gateway.log_in(seal, nip=SELLER)
        self.refresh, self.access, self.renewed = login.refresh.token, login.access.token, self.clock()
        self.pacer.limits = self.run(self.gateway.limits.get_rate_limits)

    def run[T](self, act: Callable[[str], T]) -> T:
        while True:
            if self.clock() > self.renewed + 600:
                self.access, self.renewed = self.gateway.refresh(self.refresh).token, self.clock()
            try:
                return act(self.access)
            except Limited as limit:
                self.waited.append(limit.retry_after)
                self.clock.advance(seconds=limit.retry_after)


@pytest.fixture
def office() -> Iterator[Office]:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.advance(seconds=seconds)

    options = Options(processing=0.2, authentication=0.05, storage=0, rate_limits=True)
    endpoint = Endpoint(
        environment=Environment.SIMULATOR, api_url="http://ksef/v2", qr_url="http://ksef", is_local=True
    )
    with create_app(options=options, wall_clock=clock, sleep=sleep) as app:
        wire = Latency(app, clock)
        pacer = Pacer(now=clock)
        with Gateway(endpoint, transport=wire, sleep=sleep, now=lambda: clock.now, gate=pacer) as gateway:
            office = Office(gateway, clock, pacer, wire)
            office.enter()
            yield office


def _ledger(office: Office) -> dict[str, Any]:
    with httpx.Client(transport=office.wire, base_url="http://ksef") as control:
        ledger: dict[str, Any] = control.get("/_control/ledger").json()
        return ledger


def _send_online(office: Office, documents: list[bytes], *, end: float) -> tuple[OnlineSession, int]:
    """As many as fit before the end of the hour; the pacer knows when the next one may go."""
    session = office.run(office.gateway.open_online_session)
    sent = 0
    while sent < len(documents) and office.clock() + office.pacer.wait(RateGroup.INVOICE_SEND) < end:
        xml = documents[sent]
        office.run(lambda access, xml=xml: office.gateway.send_invoice(access, session=session, xml=xml))  # type: ignore[misc]
        sent += 1
    office.run(lambda access: office.gateway.close_online_session(access, session.reference))
    return session, sent


def _send_batch(office: Office, documents: list[bytes], folder: Path) -> str:
    secret = new_symmetric_key()
    names = (f"{place}.xml" for place in range(len(documents)))
    package = pack(zip(names, documents, strict=True), folder=folder, secret=secret)
    opened = office.run(lambda access: office.gateway.batches.open(access, package=package, secret=secret))
    batch = Batch(package).opened(opened)
    assert office.gateway.batches.upload(batch, save=lambda _: None, workers=1) is UploadOutcome.COMPLETE
    office.run(lambda access: office.gateway.batches.close(access, opened.reference))
    return opened.reference


def _await(office: Office, session_reference: str) -> list[InvoiceFate]:
    """Follow a session to its end, then read what became of its invoices."""
    while True:
        status = office.run(lambda access: office.gateway.batches.get_status(access, session_reference))
        if session_fate(status.code) is SessionFate.DONE:
            break
        office.clock.advance(seconds=5)

    def page(cursor: str | None) -> Any:
        return office.run(
            lambda access: office.gateway.batches.list_invoices(
                access, session_reference=session_reference, cursor=cursor
            )
        )

    return [invoice_fate(invoice.code) for invoice in every(page)]


def test_four_hundred_invoices_go_in_an_hour_without_a_429(office: Office, tmp_path: Path) -> None:
    """180 go online, the rest as one package; every call keeps its limits."""
    start = office.clock()
    documents = [make_invoice(number=f"FV/{number}") for number in range(400)]
    session, sent = _send_online(office, documents, end=start + HOUR)
    assert sent == 180
    reference = _send_batch(office, documents[sent:], tmp_path / "package")
    fates = _await(office, session.reference) + _await(office, reference)
    assert fates == [InvoiceFate.ACCEPTED] * 400
    assert office.clock() - start < HOUR
    assert len(_ledger(office)["accepted"]) == 400
    assert office.wire.statuses[429] == 0
    assert office.waited, "the limits were felt"


def test_online_sending_runs_at_the_speed_that_ksef_allows(office: Office) -> None:
    """180 invoices in five minutes and a half at most, statuses of all of them read besides."""
    start = office.clock()
    session = office.run(office.gateway.open_online_session)
    for number in range(180):
        xml = make_invoice(number=f"FV/{number}")
        invoice = office.run(
            lambda access, xml=xml: office.gateway.send_invoice(access, session=session, xml=xml)  # type: ignore[misc]
        )
        office.run(
            lambda access, invoice=invoice: office.gateway.get_invoice_status(  # type: ignore[misc]
                access, session_reference=session.reference, invoice_reference=invoice
            )
        )
    assert office.clock() - start <= 330
    assert office.wire.statuses[429] == 0


def _flood(office: Office, unpaced: Gateway, session: OnlineSession) -> None:
    for number in range(31):
        office.clock.advance(seconds=0.2)
        unpaced.send_invoice(office.access, session=session, xml=make_invoice(number=f"U/{number}"))


def test_unpaced_client_is_refused_and_a_paced_one_learns_from_it(office: Office) -> None:
    """The counter of the simulator is real: without a gate the 31st send of a minute is refused."""
    endpoint = office.gateway.endpoint
    session = office.run(office.gateway.open_online_session)
    with (
        Gateway(endpoint, transport=office.wire, now=lambda: office.clock.now) as unpaced,
        pytest.raises(Limited),
    ):
        _flood(office, unpaced, session)
    assert office.wire.statuses[429] == 1
    with pytest.raises(Limited) as first:
        office.gateway.send_invoice(office.access, session=session, xml=make_invoice(number="P/1"))
    calls = len(office.wire.asked)
    with pytest.raises(Limited) as second:
        office.gateway.send_invoice(office.access, session=session, xml=make_invoice(number="P/1"))
    assert len(office.wire.asked) == calls, "the second never left"
    assert second.value.retry_after == pytest.approx(first.value.retry_after, abs=0.1)
    office.clock.advance(seconds=second.value.retry_after)
    office.gateway.send_invoice(office.access, session=session, xml=make_invoice(number="P/1"))


def test_refusal_is_not_taken_for_a_limit(office: Office) -> None:
    with pytest.raises(Refused):
        office.run(lambda access: office.gateway.tokens.get(access, "20261122-EC-0000000000-0000000000-00"))
    assert office.wire.statuses[429] == 0
