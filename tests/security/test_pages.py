"""What holds for every page, whoever asks: nothing changed, safe headers, no active content, no query in a template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import lxml.html
import pytest
from django.test import Client
from django.urls import reverse

from tests.security.crawl import Page, crawl
from tests.security.world import HOSTILE, PASSWORD, SHORT_HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement
    from pytest_django.plugin import DjangoDbBlocker

    from tests.security.world import World

pytestmark = pytest.mark.security

LEAKS = re.compile(
    rb"Traceback|site-packages|/work/|psycopg|Django/|django\.|SELECT .* FROM|Exception|\bSQL\b",
    re.IGNORECASE,
)
LINKS = (
    "href",
    "src",
    "action",
    "formaction",
    "hx-get",
    "hx-post",
    "hx-delete",
    "poster",
    "data",
    "xlink:href",
)
ADDRESS = re.compile(r"(/(?!/)|#|\?|https?://|mailto:|otpauth://totp/|data:image/svg\+xml;base64,)|^$")


@pytest.fixture(scope="module")
def pages(world: World, django_db_blocker: DjangoDbBlocker) -> list[Page]:
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        return crawl(world, patch)


@pytest.fixture(scope="module")
def documents(pages: list[Page]) -> list[tuple[Page, HtmlElement]]:
    return [(page, lxml.html.fromstring(page.content)) for page in pages if page.is_html and page.content]


def test_the_crawl_saw_the_portal(pages: list[Page]) -> None:
    """The tests below are worth as much as this."""
    assert len(pages) > 150
    assert {200, 204, 302, 403, 404} - {204} <= {page.status for page in pages}
    assert {page.status for page in pages} & {500, 400, 405} == set()
    kinds = {page.headers.get("Content-Type", "").partition(";")[0] for page in pages if page.status == 200}
    assert {"text/html", "application/pdf", "application/xml", "text/plain"} <= kinds


def test_reading_changes_nothing(pages: list[Page]) -> None:
    """V23: a GET writes no row, but for the log of a refusal; nor does a form full of nonsense."""
    changed = {page.name: set(page.changed) for page in pages if page.changed}
    assert {name: tables for name, tables in changed.items() if tables != {"roles_auditentry"}} == {}
    refused = {page.name for page in pages if page.status == 403 and page.person != "zofia"}
    assert set(changed) == refused


def test_no_query_runs_while_a_template_renders(pages: list[Page]) -> None:
    """House rule 1.6: selectors return finished data; a page asks the database before it is drawn, not meanwhile."""
    assert {page.name: page.queries_while_rendering for page in pages if page.queries_while_rendering} == {}


def test_nonsense_in_a_form_is_answered_with_the_form(pages: list[Page]) -> None:
    """V26, V29: no error, and the words stand in the fields again."""
    forms = [page for page in pages if page.place.startswith("POST-") and "accepted" not in page.place]
    assert len(forms) >= 12
    assert {page.name: page.status for page in forms if page.status != 200} == {}


def test_headers_on_every_answer(pages: list[Page]) -> None:
    """V24: pages, partials, redirects, files, refusals."""
    for page in pages:
        assert missing_headers(page.headers) == [], page.name
        if page.person != "nobody":
            assert page.headers.get("Cache-Control") == "no-store", page.name


def missing_headers(headers: dict[str, str]) -> list[str]:
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    missing = [name for name, value in expected.items() if headers.get(name) != value]
    policy = headers.get("Content-Security-Policy", "")
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    closed = ("default-src", "frame-ancestors", "base-uri", "object-src")
    missing += [name for name in closed if directives.get(name) != ["'none'"]]
    missing += [
        name for name in ("script-src", "style-src", "form-action") if directives.get(name) != ["'self'"]
    ]
    if re.search(r"unsafe|\*|https?:", policy) or "camera=()" not in headers.get("Permissions-Policy", ""):
        missing.append("policy")
    return missing


@pytest.mark.django_db
def test_cookies_are_out_of_reach(world: World) -> None:
    """V24: no script reads them, no other site's form brings them, and they end with the browser or the day."""
    client = Client()
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": world.people.zofia.user.email, "password": PASSWORD})
    assert set(client.cookies) >= {"session", "csrf"}
    for name, cookie in client.cookies.items():
        assert (name, cookie["samesite"], cookie["httponly"]) == (name, "Lax", True)
    assert client.cookies["session"]["max-age"] in {"", 12 * 3600}


def test_no_active_content(documents: list[tuple[Page, HtmlElement]]) -> None:
    """V25: no script, style or handler in any page; scripts and styles are files of ours."""
    found = [f"{page.name}: {fault}" for page, document in documents for fault in active_parts(document)]
    assert found == []


def active_parts(document: HtmlElement) -> Iterator[str]:
    for element in document.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in {"style", "iframe", "object", "embed", "base"}:
            yield f"<{element.tag}>"
        if element.tag == "script" and (
            not element.get("src", "").startswith("/static/") or (element.text or "").strip()
        ):
            yield "inline <script>"
        for name, value in element.attrib.items():
            attribute = str(name).lower()
            if attribute.startswith(("on", "hx-on", "data-hx-on")) or attribute in {"style", "srcdoc"}:
                yield f"{element.tag} {attribute}={value}"
            if attribute in LINKS and not ADDRESS.match(str(value)):
                yield f"{element.tag} {attribute}={value}"


def test_hostile_texts_stay_texts(pages: list[Page], documents: list[tuple[Page, HtmlElement]]) -> None:
    """V26: names, addresses, lines, notes and KSeF's own words are shown as they were typed, and do nothing."""
    for page in pages:
        if page.is_html:
            assert b"<script>kanarek" not in page.content, page.name
            assert b"<img src=x" not in page.content, page.name
    shown = [page.name for page, document in documents if HOSTILE[:60] in document.text_content()]
    assert len(shown) > 20, "the texts are on the pages, whole"
    assert any(SHORT_HOSTILE in document.text_content() for _page, document in documents)


def test_refusals_tell_nothing(pages: list[Page]) -> None:
    """V31: no trace, path, version or query on a page that says no."""
    for page in pages:
        if page.status >= 400:
            assert not LEAKS.search(page.content), page.name
            assert "Server" not in page.headers
            assert "X-Powered-By" not in page.headers


@pytest.mark.django_db
@pytest.mark.urls("tests.security.broken_urls")
def test_a_broken_page_tells_nothing_but_keeps_its_headers(world: World) -> None:
    """V24, V31: an unexpected error gives a short page with a number to ask about, for whomever it happens to."""
    for client in (Client(raise_request_exception=False), world.people.alicja.client):
        client.raise_request_exception = False
        answer = client.get("/boom/")
        assert answer.status_code == 500
        assert not LEAKS.search(answer.content)
        assert b"kanarek-bledu" not in answer.content
        headers = dict(answer.headers.items())
        assert missing_headers(headers) == []
        assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-ID"])


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "localhost:80:80", "a b"])
def test_another_host_is_refused(host: str) -> None:
    """V30: links in mails are never made from a header that anybody can send."""
    answer = Client(headers={"host": host}, raise_request_exception=False).get("/")
    assert answer.status_code == 400
    assert not LEAKS.search(answer.content)
    assert missing_headers(dict(answer.headers.items())) == []


@pytest.mark.django_db
def test_https_is_kept_for_a_year() -> None:
    """V24: HSTS on whatever comes by https."""
    answer = Client().get("/", secure=True)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert "Strict-Transport-Security" not in Client().get("/").headers
