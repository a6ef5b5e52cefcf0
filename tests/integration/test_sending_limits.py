"""What KSeF asks us to wait for, and log-ins that get lost: no call before the time, no call too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.models import KSeFCredential
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.services.pacing import Pace
from ksef.exchange.limits import RateGroup
from tests.builders import make_approved, reload, run_outbox, run_outbox_later
from tests.truth import assert_at_rest, assert_truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}
LOG_IN = {"method": "POST", "path_regex": r"/v2/auth/(ksef-token|xades-signature)"}
REDEEM = {"method": "POST", "path_regex": r"/v2/auth/token/redeem$"}


def add_faults(simulator: Simulator, *faults: dict[str, object]) -> Callable[[int], int]:
    """Script the faults; how often one of them was met, by its place."""
    simulator.control("PUT", "faults", {"faults": list(faults)})
    return lambda place: int(simulator.control("GET", "faults")["faults"][place]["hits"])


def counter(match: dict[str, str]) -> dict[str, object]:
    """A fault that does no harm but is counted."""
    return {"match": match, "times": 0, "action": "delay", "seconds": 0}


@pytest.mark.parametrize("shape", ["seconds", "date"])
def test_no_call_before_the_hour_is_over(shape: str, connected: People, simulator: Simulator) -> None:
    """F8, I7, I9: "Retry-After" of an hour, as a number or as a date: not one such call of this company, whatever
    is approved meanwhile and whoever starts anew; other companies go on.
    """
    alicja, zofia = connected.alicja, connected.zofia
    connect_with_self_signed_certificate(actor=zofia.actor, company=zofia.company)
    simulator.fail({"match": POST, "action": "limited", "retry_after": 3600, "as": shape})
    first = make_approved(alicja)
    run_outbox()
    pace = Pace(environment=alicja.company.environment, nip=alicja.company.nip)
    assert 3540 < pace.wait(RateGroup.INVOICE_SEND) <= 3602
    hits = add_faults(simulator, counter(POST | {"context": alicja.company.nip}))
    second, hers = make_approved(alicja), make_approved(zofia)
    for _sweep in range(3):
        run_outbox()
    assert hits(0) == 0
    assert reload(zofia, hers).state == State.ACCEPTED
    run_outbox_later()
    assert {reload(alicja, invoice).state for invoice in (first, second)} == {State.ACCEPTED}
    assert_at_rest()
    assert_truth(simulator)


def test_lost_tokens_cost_one_more_log_in(connected: People, simulator: Simulator) -> None:
    """F13, F14: the login is over, the answer with the new tokens is lost: authentication begins anew, once."""
    alicja = connected.alicja
    for kind in ("access", "refresh"):
        simulator.control("POST", "logins/expire", {"kind": kind})
    with alicja.entered():
        KSeFCredential.objects.update(access_valid_until=None)
    hits = add_faults(simulator, {"match": REDEEM, "action": "drop_after"}, counter(LOG_IN), counter(REDEEM))
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert hits(0) == 1
    assert hits(1) == 2
    assert hits(2) <= 3
    assert_at_rest()


def test_log_ins_that_keep_getting_lost_end(connected: People, simulator: Simulator) -> None:
    """F14: no endless loop: two tries, then the document waits with a reason, and goes when KSeF answers again."""
    alicja = connected.alicja
    for kind in ("access", "refresh"):
        simulator.control("POST", "logins/expire", {"kind": kind})
    with alicja.entered():
        KSeFCredential.objects.update(access_valid_until=None)
    hits = add_faults(simulator, {"match": REDEEM, "action": "drop_after", "times": 0}, counter(LOG_IN))
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.QUEUED
    assert hits(1) == 2
    simulator.control("DELETE", "faults")
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert_at_rest()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_answer_of_a_slow_ksef_is_waited_for(
    place: int, connected: People, simulator: Simulator
) -> None:
    """F11: seconds of silence at any one call are no failure, and cost that document alone its time."""
    alicja = connected.alicja
    slow = ({"path_regex": "/sessions/online$"}, POST, {"path_regex": "/upo$"})[place]
    simulator.fail({"match": slow, "action": "delay_after", "seconds": 2})
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.control("GET", "ledger")["received"]) == 1
    assert_at_rest()
