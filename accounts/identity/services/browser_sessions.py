"""The life of a log-in: its beginning, its signs of life, its end after idleness, a day, or by hand."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.utils import timezone

from accounts.identity.models import BrowserSession
from accounts.services.resuming import check_received

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.identity.selectors import LivingSession
    from accounts.models import User

_KEY: Final = "browser_session"
# How exactly a session knows when its person was last there; each request would be a write otherwise.
_GRAIN: Final = timedelta(minutes=1)
_AGENT_LENGTH: Final = 200


def begin(*, request: HttpRequest, user: User, **_signal: object) -> None:
    """Open a session for whoever has just logged in, by whatever door."""
    now = timezone.now()
    oldest = now - timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)
    BrowserSession.objects.filter(user_id=user.id, began_at__lt=oldest).delete()
    session = BrowserSession.objects.create(
        user_id=user.id,
        address=get_client_ip(request),
        agent=request.META.get("HTTP_USER_AGENT", "")[:_AGENT_LENGTH],
        began_at=now,
        seen_at=now,
    )
    request.session[_KEY] = str(session.id)
    check_received(user.id)


def finish(*, request: HttpRequest, **_signal: object) -> None:
    """Close the session that logs out."""
    session_id = current_id(request)
    if session_id is not None:
        BrowserSession.objects.filter(id=session_id).delete()


def current_id(request: HttpRequest) -> uuid.UUID | None:
    text = request.session.get(_KEY)
    return None if text is None else uuid.UUID(text)


def see(request: HttpRequest, session: LivingSession) -> None:
    """Note that the person is there, and where; once a minute is enough."""
    now = timezone.now()
    if now - session.seen_at > _GRAIN:
        BrowserSession.objects.filter(id=session.id).update(seen_at=now, address=get_client_ip(request))


def end(*, user_id: uuid.UUID, session_id: uuid.UUID) -> bool:
    """End one of this person's own sessions; whether there was one."""
    count, _rows = BrowserSession.objects.filter(id=session_id, user_id=user_id).delete()
    return count > 0


def end_others(*, user_id: uuid.UUID, keep: uuid.UUID | None) -> int:
    """End all sessions of this person but one; how many there were."""
    sessions = BrowserSession.objects.filter(user_id=user_id)
    count, _rows = (sessions if keep is None else sessions.exclude(id=keep)).delete()
    return count
