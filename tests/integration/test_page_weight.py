"""A page costs a phone less than 60 kB, everything it loads included."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from tests.builders import make_draft

if TYPE_CHECKING:
    from tests.people import People

pytestmark = pytest.mark.integration

_LIMIT = 60_000


@pytest.mark.parametrize(
    "name", ["dashboard", "invoices:index", "invoices:new", "contractors:index", "accounts:ksef"]
)
def test_a_page_with_all_it_loads_stays_light(people: People, name: str) -> None:
    """The list is full: fifty rows. Static files count as they are served, compressed."""
    for _ in range(50):
        make_draft(people.alicja)
    response = people.alicja.client.get(
        reverse(name, args=[people.alicja.company.slug]), headers={"Accept-Encoding": "gzip"}
    )
    assert response.headers["Content-Encoding"] == "gzip"
    page = gzip.decompress(response.content).decode()
    loaded = re.findall(r'(?:src|href)="/static/([^"]+\.(?:css|js|svg))"', page)
    assert any("htmx" in path for path in loaded)
    assert len(response.content) + sum(_served(path) for path in loaded) < _LIMIT


def _served(path: str) -> int:
    found = finders.find(path)
    assert found is not None, path
    return len(gzip.compress(Path(found).read_bytes(), 9))
