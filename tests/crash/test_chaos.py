"""Everything at once and at random. `make chaos` runs the same with more of all, for as long as one likes."""

from __future__ import annotations

import os
import secrets
import time
from typing import TYPE_CHECKING

import pytest
import redis
from django.conf import settings

from tests.conftest import empty_tables
from tests.crash.chaos import Plan, run_chaos
from tests.truth import assert_at_rest, assert_truth, count_states

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Simulator

pytestmark = pytest.mark.crash


def test_nothing_is_lost_or_doubled_whatever_happens(
    transactional_db: None, simulator: Simulator, tmp_path: Path
) -> None:
    """F1-F8, F10, F18, F19, F32, F34, F39, F40, I1-I6: each invoice is accepted once, or rejected with a reason."""
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1_000_000))
    until = time.monotonic() + 60 * float(os.environ.get("CHAOS_MINUTES", "0"))
    while True:
        plan = Plan(
            seed=seed,
            invoices=int(os.environ.get("CHAOS_INVOICES", "60")),
            companies=int(os.environ.get("CHAOS_COMPANIES", "4")),
        )
        logs = tmp_path / str(seed)
        logs.mkdir()
        print(f"seed {seed}: {plan}")  # noqa: T201 -- with it the run can be had again.
        begun = time.monotonic()
        blows, strangers = run_chaos(plan, simulator, logs=logs)
        assert_at_rest()
        assert_truth(simulator, strangers=strangers)
        print(f"{time.monotonic() - begun:.0f} s: {count_states()}, {dict(blows)}")  # noqa: T201
        if time.monotonic() >= until:
            return
        seed += 1
        empty_tables()
        simulator.reset()
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
