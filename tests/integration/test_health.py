"""What a load balancer is told: alive without asking anybody, ready only when the work can be done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core.cache import cache

from config.embedded import free_port
from config.health import healthz, mark_worker_seen, readyz, worker_seen_at

if TYPE_CHECKING:
    from django.test import Client, RequestFactory
    from pytest_django import Settings

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _ready(rf: RequestFactory) -> tuple[int, dict[str, bool]]:
    response = readyz(rf.get("/readyz"))
    return response.status_code, json.loads(response.content)


def test_alive_asks_nobody(rf: RequestFactory) -> None:
    """No `db` fixture here: a query would fail the test."""
    response = healthz(rf.get("/healthz"))
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert healthz(rf.post("/healthz")).status_code == 405


def test_probes_are_answered_over_plain_http(client: Client, settings: Settings) -> None:
    """Behind a proxy that speaks HTTPS, the container still asks itself without it."""
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/konto/").status_code == 301


@pytest.mark.django_db
def test_ready_while_a_worker_was_seen_in_the_last_minute(rf: RequestFactory) -> None:
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        assert worker_seen_at() is None
        assert _ready(rf) == (503, {"ready": False, "database": True, "redis": True, "worker": False})

        mark_worker_seen()
        assert worker_seen_at() == NOW
        clock.shift(timedelta(seconds=60))
        assert _ready(rf) == (200, {"ready": True, "database": True, "redis": True, "worker": True})

        clock.shift(timedelta(seconds=1))
        assert _ready(rf) == (503, {"ready": False, "database": True, "redis": True, "worker": False})


@pytest.mark.django_db
def test_a_lost_broker_is_named(rf: RequestFactory, settings: Settings) -> None:
    mark_worker_seen()
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert _ready(rf) == (503, {"ready": False, "database": True, "redis": False, "worker": True})
