"""The journal of a company: what was refused and what bears on its safety, in words, newest first (S78)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Invitation, KSeFCredential, User
from accounts.selectors.environments import environment_label
from ksef.exchange import Environment
from roles.models import AuditEntry
from roles.selectors import name_rights

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrPromise

PAGE: Final = 50

# Each action that is written down, as a sentence; what stands in brackets comes from the entry.
SENTENCES: Final[dict[str, _StrPromise]] = {
    "refused": _("Odmowa: brak uprawnienia „%(right)s” (%(where)s)."),
    "last_administrator_kept": _("Odmowa: firma straciłaby ostatniego administratora."),
    "plan_changed": _("Zmiana planu: z %(from)s na %(to)s."),
    "role_created": _("Nowa rola „%(role)s”: %(rights)s."),
    "role_changed": _("Zmiana roli „%(role)s”. Dodane: %(gained)s. Odebrane: %(lost)s."),
    "role_deleted": _("Usunięto rolę „%(role)s”."),
    "member_role_changed": _("%(user)s: rola „%(to)s” zamiast „%(from)s”."),
    "member_deactivated": _("%(user)s: dostęp do firmy wyłączony."),
    "member_reactivated": _("%(user)s: dostęp do firmy przywrócony."),
    "member_invited": _("Zaproszenie: %(invitation)s, rola „%(role)s”."),
    "invitation_resent": _("Zaproszenie wysłane ponownie: %(invitation)s."),
    "invitation_withdrawn": _("Zaproszenie wycofane: %(invitation)s."),
    "invitation_accepted": _("Zaproszenie przyjęte: %(invitation)s, rola „%(role)s”."),
    "company_updated": _("Zmiana danych firmy."),
    "environment_switched": _("Zmiana środowiska KSeF: z „%(from)s” na „%(to)s”."),
    "ksef_parameters_changed": _("Zmiana parametrów KSeF: zakres „%(scope)s”."),
    "ksef_connected": _("Połączenie z KSeF (%(environment)s): %(kind)s."),
    "ksef_disconnected": _("Usunięcie połączenia z KSeF (%(environment)s): %(kind)s."),
    "ksef_method_chosen": _("Wybór sposobu uwierzytelniania (%(environment)s): %(kind)s."),
    "ksef_login_ended": _("Zakończenie sesji w KSeF (%(environment)s)."),
    "ksef_certificate_issued": _("Nowy certyfikat KSeF (%(environment)s), numer %(serial)s."),
    "ksef_certificate_revoked": _("Unieważnienie certyfikatu KSeF (%(environment)s), numer %(serial)s."),
    "offline_certificate_saved": _("Dodanie certyfikatu offline (%(environment)s), numer %(serial)s."),
    "offline_certificate_removed": _("Usunięcie certyfikatu offline (%(environment)s)."),
    "issuer_code_signed": _("Podpisanie kodu QR na wydruku faktury bez numeru KSeF."),
    "documents_exported": _("Pobranie plików faktur (%(count)s) jako %(archive)s."),
    "access_reminder": _("Prośba o odnowienie dostępu do KSeF: %(user)s."),
    "demo_seeded": _("Założenie danych pokazowych."),
}

# The parts of the portal by the first word of an address's name.
_PLACES: Final[dict[str, _StrPromise]] = {
    "invoices": _("Faktury sprzedaży"),
    "contractors": _("Kontrahenci"),
    "inbox": _("Faktury z KSeF"),
    "register": _("Rejestr VAT"),
    "purchases": _("Faktury zakupu"),
    "accounts": _("Konfiguracja"),
    "users": _("Użytkownicy"),
    "dashboard": _("Pulpit"),
}
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class JournalLine:
    at: datetime
    who: str
    text: str
    is_refusal: bool


@dataclass(frozen=True, slots=True)
class JournalPage:
    lines: tuple[JournalLine, ...]
    first_url: str | None
    next_url: str | None


@dataclass(frozen=True, slots=True)
class _Names:
    """What the ids of the entries stand for, looked up once for the page."""

    people: dict[str, str]
    invitations: dict[str, str]


def get_journal(*, slug: str, after: str) -> JournalPage:
    """One page of the journal; three queries, however long it is."""
    place = _read(after)
    rows = AuditEntry.objects.select_related("actor").order_by("-at", "-id")
    if place is not None:
        at, entry_id = place
        rows = rows.filter(Q(at__lte=at) & (Q(at__lt=at) | Q(id__lt=entry_id)))
    found = list(rows[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    names = _look_up(shown)
    url = reverse("users:journal", args=[slug])
    return JournalPage(
        lines=tuple(_line(entry, names) for entry in shown),
        first_url=None if place is None else url,
        next_url=None
        if last is None
        else reverse("users:journal", args=[slug], query={"po": f"{last.at.isoformat()}_{last.id}"}),
    )


def _read(text: str) -> tuple[datetime, UUID] | None:
    """None for whatever no page of ours has written: it then starts from the top."""
    try:
        moment, key = text.split("_")
        place = datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        return None
    return place if place[0].utcoffset() is not None else None


def _look_up(entries: Iterable[AuditEntry]) -> _Names:
    details = [entry.detail for entry in entries]
    users = {detail["user"] for detail in details if "user" in detail}
    invitations = {detail["invitation"] for detail in details if "invitation" in detail}
    return _Names(
        people={str(user.id): str(user) for user in User.objects.filter(id__in=users)},
        invitations={str(one.id): one.email for one in Invitation.objects.filter(id__in=invitations)},
    )


def _line(entry: AuditEntry, names: _Names) -> JournalLine:
    sentence = SENTENCES.get(entry.action, _("Czynność „%(action)s”."))
    return JournalLine(
        at=entry.at,
        who=str(entry.actor),
        text=str(sentence) % _facts(entry, names),
        is_refusal=entry.action in {"refused", "last_administrator_kept"},
    )


def _facts(entry: AuditEntry, names: _Names) -> dict[str, str]:
    """The entry's facts in words; what an older entry does not have is a dash."""
    detail: dict[str, str] = entry.detail
    facts = dict.fromkeys(
        ("kind", "serial", "environment", "role", "scope", "from", "to", "count", "archive"), _NOTHING
    )
    facts |= {name: str(value) for name, value in detail.items()}
    facts["action"] = entry.action
    facts["right"] = _rights(detail.get("right", ""))
    facts["where"] = str(_PLACES.get(detail.get("what", "").partition(":")[0], detail.get("what", "")))
    for name in ("rights", "gained", "lost"):
        facts[name] = _rights(detail.get(name, ""))
    for name in ("from", "to", "environment", "kind", "scope"):
        facts[name] = _code_in_words(facts[name])
    facts["user"] = names.people.get(detail.get("user", ""), _NOTHING)
    facts["invitation"] = names.invitations.get(detail.get("invitation", ""), _NOTHING)
    return facts


def _rights(text: str) -> str:
    return ", ".join(name_rights(text.split())) or _NOTHING


def _code_in_words(code: str) -> str:
    """Plans, scopes, methods and environments are written down as codes; names of roles stay as they are."""
    if code in Environment:
        return environment_label(code).label
    for choices in (Company.Plan, Company.Scope, KSeFCredential.Kind):
        if code in choices.values:
            return str(choices(code).label)
    return code
