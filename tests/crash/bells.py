"""Ringing for what is due, as the beat does, and no more often than workers answer."""

from __future__ import annotations

import redis
from django.conf import settings

from invoices import outbox


def ring() -> None:
    """Ring unless bells are waiting already: a test looks twenty times a second."""
    if not redis.Redis.from_url(settings.REDIS_URL).llen("celery"):
        outbox.wake_due()
