"""Real processes behind a real browser: web, worker with beat, simulator; Chromium driven by Playwright."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.servers import Simulator, start_web, start_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

    from tests.people import Person

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass(frozen=True, slots=True)
class Portal:
    """The running portal and a way to open it as somebody."""

    url: str
    browser: Browser

    def open(self, person: Person | None = None, *, width: int = 1280, has_javascript: bool = True) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, locale="pl-PL", java_script_enabled=has_javascript
        )
        if person is not None:
            self._log_in(context, person)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    def _log_in(self, context: BrowserContext, person: Person) -> None:
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": person.client.cookies[name].value, "url": self.url}])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI without Chromium proves nothing; .ci/run installs it")
        pytest.skip("no Chromium on this machine; `make test` installs it where it may")
    # Playwright keeps an event loop in this thread; our fixtures use the ORM synchronously beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def processes(
    simulator_process: Simulator,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Web and worker of one module's tests: a worker that went on would work in the tests that follow."""
    logs = tmp_path_factory.mktemp("logs")
    with (
        start_web(simulator_process, log=logs / "web.log") as url,
        start_worker(
            simulator_process,
            log=logs / "worker.log",
            beat=True,
            environment={"LIGHTHOUSE_SECONDS": "0"},
        ),
    ):
        yield url


@pytest.fixture
def portal(
    processes: str, browser: Browser, simulator: Simulator, transactional_db: None
) -> Iterator[Portal]:
    yield Portal(processes, browser)
    for context in browser.contexts:
        context.close()
