"""Somebody who is connected, for other threads and processes to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from accounts.services.ksef_connecting import connect_with_self_signed_certificate

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator


@pytest.fixture
def sender(committed_people: People, simulator: Simulator, settings: Settings) -> Person:
    """Alicja, whose approvals go to KSeF by themselves; nobody has rung yet."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    return alicja
