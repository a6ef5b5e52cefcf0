"""Every page as everybody sees it, fetched once: its answer, the rows it changed, the queries while it rendered."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.template.base import Template
from django.test import Client
from django.urls import reverse

from tests.security.access import COLLEAGUES, COMPANY_ROWS, OPEN_ROWS
from tests.security.rows import changed_since, fingerprint
from tests.security.world import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.security.world import World

# Forms that come back with everything that was typed and what is wrong with it.
ANSWERS_BAD_INPUT = {
    "invoices:new",
    "invoices:edit",
    "invoices:totals",
    "contractors:new",
    "contractors:edit",
    "accounts:settings",
    "accounts:connect_token",
    "users:invite",
    "users:new_role",
    "users:role",
    "users:member",
}


@dataclass(frozen=True, slots=True)
class Page:
    person: str
    place: str
    status: int
    headers: dict[str, str]
    content: bytes
    changed: frozenset[str]
    queries_while_rendering: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.place} as {self.person}"

    @property
    def is_html(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")


def crawl(world: World, patch: pytest.MonkeyPatch) -> list[Page]:
    """All addresses of the table that answer a GET, as each person and as nobody, and all forms with nonsense."""
    with watched_templates(patch) as queries:
        return list(_pages(world, queries))


def _pages(world: World, queries: list[str]) -> Iterator[Page]:
    nobody = Client()
    clients = {name: world.person(name).client for name in (*COLLEAGUES, "zofia")}
    for row in COMPANY_ROWS:
        if row.method == "GET":
            for name, client in clients.items():
                objects = world.hers if name == "zofia" else world.mine
                yield _fetch(client, row.url(objects), person=name, place=row.id, queries=queries)
            yield _fetch(
                clients["zofia"], row.url(world.mine), person="a stranger", place=row.id, queries=queries
            )
            yield _fetch(nobody, row.url(world.mine), person="nobody", place=row.id, queries=queries)
        elif row.name in ANSWERS_BAD_INPUT:
            url, form = row.url(world.mine), _hostile(row.form(world.mine))
            yield _fetch(clients["alicja"], url, person="alicja", place=row.id, queries=queries, form=form)
    for name in ("new_company", "account_change_password"):
        form = dict.fromkeys(("name", "nip", "address_line1", "oldpassword", "password1"), HOSTILE)
        yield _fetch(
            clients["zofia"], reverse(name), person="zofia", place=f"POST-{name}", queries=queries, form=form
        )
    for name in ("account_login", "account_signup", "account_reset_password"):
        form = dict.fromkeys(("login", "password", "email", "full_name", "password1", "password2"), HOSTILE)
        yield _fetch(nobody, reverse(name), person="nobody", place=f"POST-{name}", queries=queries, form=form)
    for place in OPEN_ROWS:
        if place.method == "GET":
            url = reverse(place.name, args=place.arguments)
            yield _fetch(clients["zofia"], url, person="zofia", place=place.name, queries=queries)
            yield _fetch(nobody, url, person="nobody", place=place.name, queries=queries)
    for url in ("/nie/ma/takiej/strony/", "/robots.txt"):
        yield _fetch(clients["zofia"], url, person="zofia", place=url, queries=queries)
        yield _fetch(nobody, url, person="nobody", place=url, queries=queries)


def _hostile(form: dict[str, Any]) -> dict[str, Any]:
    """The same fields with nonsense in them; the button stays the one that saves."""
    return {name: value if name == "action" else HOSTILE for name, value in form.items()}


def _fetch(
    client: Client,
    url: str,
    *,
    person: str,
    place: str,
    queries: list[str],
    form: dict[str, Any] | None = None,
) -> Page:
    before = fingerprint()
    queries.clear()
    answer = client.get(url) if form is None else client.post(url, form)
    return Page(
        person=person,
        place=place,
        status=answer.status_code,
        headers=dict(answer.headers.items()),
        content=answer.content,
        changed=frozenset(changed_since(before)),
        queries_while_rendering=tuple(queries),
    )


@contextmanager
def watched_templates(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect every query that runs while a template turns its context into text."""
    found: list[str] = []
    drawing: Any = Template
    render = drawing._render

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append(str(sql))
        return execute(sql, params, many, context)

    def watched(template: Any, context: Any) -> Any:
        with connection.execute_wrapper(note):
            return render(template, context)

    with patch.context() as here:
        here.setattr(drawing, "_render", watched)
        yield found
