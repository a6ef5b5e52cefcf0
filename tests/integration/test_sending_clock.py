"""Clocks that go wrong, and days that end: leases by the database, the legal day by Warsaw."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db.models import ExpressionWrapper, F, fields
from django.db.models.functions import Now
from django.utils import timezone

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices import outbox
from invoices.domain.calendar import next_business_day
from invoices.domain.lifecycle import Mode, State
from invoices.models import OutboxEntry
from tests.builders import make_approved, reload, run_outbox, run_outbox_later
from tests.truth import assert_at_rest, assert_truth

if TYPE_CHECKING:
    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

_SKEW = timedelta(minutes=10)


def set_clock(simulator: Simulator, moment: datetime) -> None:
    simulator.control("POST", "clock", {"now": moment.isoformat()})


@pytest.mark.parametrize("skew", [_SKEW, -_SKEW], ids=["ahead", "behind"])
def test_a_lease_is_measured_by_the_database(skew: timedelta, connected: People) -> None:
    """F36: a worker whose clock is ten minutes off takes no lease of another and holds none for longer."""
    make_approved(connected.alicja)
    entry = OutboxEntry.objects.get()
    with time_machine.travel(timezone.now() + skew):
        assert outbox.claim(entry.id) is not None
        assert outbox.claim(entry.id) is None
    left = ExpressionWrapper(F("lease_until") - Now(), output_field=fields.DurationField())
    lease = OutboxEntry.objects.values_list(left, flat=True).get()
    assert timedelta(seconds=30) < lease <= timedelta(seconds=60)


@pytest.mark.parametrize("skew", [_SKEW, -_SKEW], ids=["ahead", "behind"])
def test_a_worker_whose_clock_is_off_sends_all_the_same(
    skew: timedelta, connected: People, simulator: Simulator
) -> None:
    """F36: a token that looks good and is over, or looks over and is good, costs a renewal and nothing else."""
    simulator.control("POST", "logins/expire", {"kind": "access"})
    invoice = make_approved(connected.alicja)
    with time_machine.travel(timezone.now() + skew):
        run_outbox()
        run_outbox_later()
    assert reload(connected.alicja, invoice).state == State.ACCEPTED
    assert len(simulator.control("GET", "ledger")["received"]) == 1
    assert_at_rest()
    assert_truth(simulator)


@pytest.mark.parametrize(
    "midnight",
    [
        "2027-07-16T00:00:00+02:00",
        "2027-10-31T00:00:00+02:00",
        "2027-11-01T00:00:00+01:00",
        "2027-03-29T00:00:00+02:00",
        "2028-02-29T00:00:00+01:00",
        "2028-03-01T00:00:00+01:00",
        "2027-01-01T00:00:00+01:00",
    ],
)
def test_the_day_ends_at_midnight_in_warsaw(midnight: str, people: People, simulator: Simulator) -> None:
    """F36, F50: half a minute before it online, half a minute after it offline; in summer, in winter, on the days
    when the clocks change, and on 29 February.
    """
    alicja = people.alicja
    end = datetime.fromisoformat(midnight)
    before, after = end - timedelta(seconds=30), end + timedelta(seconds=30)
    set_clock(simulator, before)
    with time_machine.travel(before, tick=False):
        connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
        in_time = make_approved(alicja)
        run_outbox()
        late = make_approved(alicja)
    set_clock(simulator, after)
    with time_machine.travel(after, tick=False):
        run_outbox_later()
    online, offline = reload(alicja, in_time), reload(alicja, late)
    assert (online.state, online.mode) == (State.ACCEPTED, Mode.ONLINE)
    assert (offline.state, offline.mode) == (State.ACCEPTED, Mode.OFFLINE24)
    assert online.issue_date == offline.issue_date == end.date() - timedelta(days=1)
    assert offline.send_by == next_business_day(offline.issue_date)
    assert [entry["mode"] for entry in simulator.ledger()] == ["Online", "Offline"]
    assert_at_rest()
