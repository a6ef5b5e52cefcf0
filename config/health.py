"""What a load balancer asks: is the process alive, and can the portal do its work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER_SEEN_WITHIN = timedelta(seconds=60)
_WORKER_SEEN = "worker-seen"
_TIMEOUT = 2.0

_log = structlog.stdlib.get_logger(__name__)


def mark_worker_seen() -> None:
    """Note that a worker took a task just now. Beat sends that task, so both of them live."""
    cache.set(_WORKER_SEEN, timezone.now().isoformat(), timeout=None)


def worker_seen_at() -> datetime | None:
    seen = cache.get(_WORKER_SEEN)
    return datetime.fromisoformat(seen) if isinstance(seen, str) else None


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Alive: the process answers. It asks nobody else: a lost database must not restart the web."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Ready: database, Redis, and a worker seen in the last minute; 503 names which of them is missing."""
    parts = {"database": _is_database_there, "redis": _is_redis_there, "worker": _is_worker_there}
    found = {name: _holds(check) for name, check in parts.items()}
    return JsonResponse(
        {"ready": all(found.values()), **found},
        status=200 if all(found.values()) else 503,
    )


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, redis.RedisError) as error:
        _log.warning("not ready", check=check.__name__, error=type(error).__name__)
        return False


def _is_database_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() is not None


def _is_redis_there() -> bool:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
    ) as client:
        return bool(client.ping())


def _is_worker_there() -> bool:
    seen = worker_seen_at()
    return seen is not None and timezone.now() - seen <= WORKER_SEEN_WITHIN
