"""Reading a person's sessions and second factors; nothing secret comes out of here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from accounts.identity.domain.browsers import name_browser
from accounts.identity.models import BrowserSession

if TYPE_CHECKING:
    from accounts.models import User

# What makes a second factor; recovery codes alone only stand in for one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True, slots=True)
class LivingSession:
    """The session of a request, as the middleware found it."""

    id: uuid.UUID
    seen_at: datetime
    has_second_factor: bool


@dataclass(frozen=True, slots=True)
class ListedSession:
    id: uuid.UUID
    browser: str
    address: str
    began_at: datetime
    seen_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class Passkey:
    key: uuid.UUID
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """What a person has beside the password."""

    app_since: datetime | None
    app_used_at: datetime | None
    passkeys: tuple[Passkey, ...]
    has_recovery_codes: bool
    # Codes that nobody has seen yet are of no use to anybody.
    are_recovery_codes_seen: bool

    @property
    def are_there(self) -> bool:
        return self.app_since is not None or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class Address:
    email: str
    is_verified: bool
    # Asked for, and not confirmed yet.
    new_email: str


def find_living_session(*, session_id: uuid.UUID | None, user_id: uuid.UUID) -> LivingSession | None:
    """The session, unless it was ended, was idle too long, or is older than a day of work (V16)."""
    if session_id is None:
        return None
    now = timezone.now()
    found = (
        BrowserSession.objects.filter(
            id=session_id,
            user_id=user_id,
            seen_at__gt=now - timedelta(seconds=settings.SESSION_IDLE_SECONDS),
            began_at__gt=now - timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS),
        )
        .annotate(
            has_second_factor=Exists(
                Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=FACTORS)
            )
        )
        .first()
    )
    if found is None:
        return None
    return LivingSession(found.id, found.seen_at, found.has_second_factor)


def list_sessions(*, user_id: uuid.UUID, current: uuid.UUID | None) -> list[ListedSession]:
    """The living sessions of this person: the one at hand first, then the last seen first."""
    now = timezone.now()
    living = BrowserSession.objects.filter(
        user_id=user_id,
        seen_at__gt=now - timedelta(seconds=settings.SESSION_IDLE_SECONDS),
        began_at__gt=now - timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS),
    )
    listed = [
        ListedSession(
            id=session.id,
            browser=name_browser(session.agent),
            address=session.address or "",
            began_at=session.began_at,
            seen_at=session.seen_at,
            is_current=session.id == current,
        )
        for session in living.order_by("-seen_at")
    ]
    return sorted(listed, key=lambda session: not session.is_current)


def last_seen(company_id: uuid.UUID) -> dict[uuid.UUID, datetime]:
    """When people of the company were last there, as far as a session of theirs still stands."""
    sessions = BrowserSession.objects.filter(user__memberships__company_id=company_id)
    return dict(sessions.order_by().values_list("user_id").annotate(Max("seen_at")))


def get_second_factors(user_id: uuid.UUID) -> SecondFactors:
    rows = list(Authenticator.objects.filter(user_id=user_id).order_by("created_at"))
    app = next((row for row in rows if row.type == Authenticator.Type.TOTP), None)
    codes = next((row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return SecondFactors(
        app_since=app and app.created_at,
        app_used_at=app and app.last_used_at,
        passkeys=tuple(_passkey(row) for row in rows if row.type == Authenticator.Type.WEBAUTHN),
        has_recovery_codes=codes is not None,
        are_recovery_codes_seen=codes is not None and bool(codes.data.get("viewed_at")),
    )


def find_passkey(*, user_id: uuid.UUID, key: uuid.UUID) -> Passkey | None:
    return next((passkey for passkey in get_second_factors(user_id).passkeys if passkey.key == key), None)


def find_person(email: str) -> User | None:
    return get_user_model().objects.filter(email=email.strip().lower()).first()


def get_address(user: User) -> Address:
    rows = list(EmailAddress.objects.filter(user_id=user.id))
    own = next((row for row in rows if row.email == user.email), None)
    new = next((row for row in rows if row.email != user.email and not row.verified), None)
    return Address(
        email=user.email,
        is_verified=own is not None and own.verified,
        new_email=new.email if new else "",
    )


def _passkey(row: Authenticator) -> Passkey:
    return Passkey(
        key=uuid.UUID(row.data["key"]),
        name=row.data["name"],
        added_at=row.created_at,
        used_at=row.last_used_at,
    )
