"""A worker killed while it receives, and log-ins that nothing may hold up."""

from __future__ import annotations

import re
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
import redis
from django.urls import reverse

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices import outbox
from invoices.models import ReceivedDocument, ReceivedEvent
from invoices.services.receiving import request_check
from tests.builders import today
from tests.factors import PASSWORD, give_password
from tests.integration.test_receiving import bring
from tests.servers import start_web, start_worker
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


@pytest.fixture
def alicja(committed_people: People, simulator: Simulator, settings: Settings) -> Person:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    return alicja


def kept(person: Person) -> list[str]:
    with person.entered():
        return sorted(ReceivedDocument.objects.values_list("ksef_number", flat=True))


@pytest.mark.parametrize("count", [3, 30], ids=["one by one", "as a package"])
def test_a_killed_worker_neither_loses_nor_doubles(
    alicja: Person, simulator: Simulator, tmp_path: Path, count: int
) -> None:
    """I8, F39: killed by SIGKILL with everything fetched and nothing kept; another worker goes on."""
    numbers = bring(simulator, alicja, count)
    with alicja.entered() as actor:
        request_check(actor=actor, since=today(), until=today())
    log = tmp_path / "worker.log"
    quick = {"OUTBOX_LEASE_SECONDS": "4"}
    environment = {"FAILPOINT": "receive.before_keep:kill", **quick}
    with start_worker(simulator, log=log, environment=environment) as worker:
        assert worker.wait(timeout=60) == -signal.SIGKILL, log.read_text()
    assert kept(alicja) == []

    def is_kept() -> bool:
        outbox.wake_due()
        return kept(alicja) == sorted(numbers)

    with start_worker(simulator, log=log, environment=quick):
        until(is_kept, seconds=60, why=log.read_text)
    with alicja.entered():
        assert ReceivedEvent.objects.count() == count


def test_logging_in_waits_for_neither_ksef_nor_the_broker(
    alicja: Person, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S101, F33: the simulator gives no answer for half a minute and nobody answers at the broker's address."""
    give_password(alicja.user)
    simulator.fail({"match": {"path_regex": "^/v2/"}, "action": "delay", "seconds": 30, "times": 0})
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    with (
        start_web(simulator, log=tmp_path / "web.log") as url,
        httpx.Client(base_url=url, timeout=20) as browser,
    ):
        page = browser.get(reverse("account_login"))
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        answer = browser.post(
            reverse("account_login"),
            data={"csrfmiddlewaretoken": token[1], "login": alicja.user.email, "password": PASSWORD},
        )
    assert answer.status_code == 302, (tmp_path / "web.log").read_text()
    assert answer.elapsed < timedelta(seconds=5)
    simulator.control("DELETE", "faults")
