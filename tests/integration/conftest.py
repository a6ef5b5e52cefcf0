"""Who is connected to KSeF, and what stands between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from tests.tampering import Tampering, start_tampering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from tests.people import People
    from tests.servers import Simulator


@pytest.fixture
def connected(people: People, simulator: Simulator) -> People:
    """The people, with the owner able to send."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    return people


@pytest.fixture
def tampering(connected: People, simulator: Simulator, settings: Settings) -> Iterator[Tampering]:
    """A proxy in front of the simulator, through which the portal now speaks with it."""
    with start_tampering(simulator.url) as tampering:
        settings.KSEF_ADDRESSES = {
            **settings.KSEF_ADDRESSES,
            "simulator": (f"{tampering.url}/v2", simulator.url),
        }
        yield tampering
