"""One world of two companies for a module; each of its tests runs in a transaction that is rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import empty_tables
from tests.security.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

    from tests.servers import Simulator


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, simulator_process: Simulator
) -> Iterator[World]:
    with django_db_blocker.unblock():
        made = make_world(simulator_process)
    yield made
    with django_db_blocker.unblock():
        empty_tables()
