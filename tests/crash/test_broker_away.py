"""The doorbell is a convenience: without Redis people go on working."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from django.urls import reverse

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from tests.builders import make_draft, reload, run_outbox
from tests.servers import start_web

if TYPE_CHECKING:
    from pathlib import Path

    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


def test_approval_works_without_redis(
    committed_people: People, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F33: nobody answers at the broker's address: no error page, the entry waits, the sweep does the rest."""
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    invoice = make_draft(alicja)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    where = [alicja.company.slug, invoice.id]
    cookies = {name: morsel.value for name, morsel in alicja.client.cookies.items()}
    with (
        start_web(simulator, log=tmp_path / "web.log") as url,
        httpx.Client(base_url=url, cookies=cookies, timeout=20) as browser,
    ):
        page = browser.get(reverse("invoices:edit", args=where))
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        answer = browser.post(reverse("invoices:approve", args=where), data={"csrfmiddlewaretoken": token[1]})
    assert answer.status_code == 302, (tmp_path / "web.log").read_text()
    assert answer.elapsed < timedelta(seconds=1.9)  # kombu's own pause before it gives up is 2 s
    assert reload(alicja, invoice).state == State.QUEUED
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
