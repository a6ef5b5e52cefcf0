"""Nothing of a company opens without a second factor, nor between the password and the second factor (V17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factors import half_logged_in, to_setup
from tests.security.access import COMPANY_ROWS, OPEN_ROWS, PUBLIC
from tests.security.rows import changed_since, fingerprint

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.security.world import World

pytestmark = [pytest.mark.security, pytest.mark.django_db]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.MFA_REQUIRED = True


def ask(client: Client, method: str, url: str, form: dict[str, Any]) -> Any:
    return client.post(url, form) if method == "POST" else client.generic(method, url)


@pytest.mark.parametrize("name", sorted({row.name for row in COMPANY_ROWS}))
def test_no_page_of_a_company_opens_without_a_factor(world: World, name: str) -> None:
    """V17: every address, every method, by somebody with every right and no second factor; nothing changes."""
    client = world.people.alicja.client
    before = fingerprint()
    for row in (row for row in COMPANY_ROWS if row.name == name):
        url = row.url(world.mine)
        for method in METHODS:
            answer = ask(client, method, url, row.form(world.mine))
            assert answer.status_code == 302
            assert answer.headers["Location"] == to_setup(url if method == "GET" else "/")
            assert answer.content == b""
    assert changed_since(before) == set()
    assert client.post(reverse("new_company"), {}).headers["Location"] == to_setup("/")
    assert client.get("/").headers["Location"] == to_setup("/")


def test_between_password_and_code_everybody_is_a_stranger(world: World) -> None:
    """V17: a crawl in the half-logged state: each address answers as it answers a visitor."""
    # Read anew: what this test gives to the person must not stay with the world of the module.
    alicja = User.objects.get(id=world.people.alicja.user.id)
    client, visitor = half_logged_in(alicja), Client()
    before = fingerprint()
    for row in COMPANY_ROWS:
        url = row.url(world.mine)
        for method in METHODS:
            answer, expected = (ask(who, method, url, row.form(world.mine)) for who in (client, visitor))
            assert (answer.status_code, answer.headers["Location"]) == (302, expected.headers["Location"])
    shown = {
        place.name
        for place in OPEN_ROWS
        if ask(
            client, place.method, reverse(place.name, args=place.arguments), place.form(world.mine)
        ).status_code
        == 200
    }
    assert shown <= PUBLIC | {"mfa_authenticate"}
    assert changed_since(before) == set()
