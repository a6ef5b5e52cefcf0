"""What the frame around every page shows: who, which company, which environment, where to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.selectors import DEMO_DOMAIN, DEMO_PEOPLE, list_companies
from accounts.selectors.environments import EnvironmentLabel, environment_label
from invoices.selectors.inbox_wording import list_title
from invoices.selectors.offline_wording import Announcement, find_announcement
from invoices.services.demo_world import PASSWORD
from roles.access import Actor, Right

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import Company


# Areas that are reached from another one's page.
_SECTIONS = {"register": "inbox", "purchases": "inbox"}


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    is_current: bool = False
    icon: str = ""
    # On a phone it stands behind "Więcej": the bar there has room for five.
    is_secondary: bool = False


@dataclass(frozen=True, slots=True)
class CompanyLabel:
    name: str
    slug: str
    nip: str


@dataclass(frozen=True, slots=True)
class Shell:
    user_name: str = ""
    # What a browser's tab keeps for this person, it offers to nobody else.
    person: str = ""
    company: CompanyLabel | None = None
    companies: tuple[Link, ...] = ()
    environment: EnvironmentLabel | None = None
    outage: Announcement | None = None
    nav: tuple[Link, ...] = ()
    new_invoice_url: str | None = None
    may_decide: bool = False
    is_demo: bool = False

    @property
    def nav_has_more(self) -> bool:
        return any(link.is_secondary for link in self.nav)


def shell(request: HttpRequest) -> dict[str, Any]:
    # Asked for before the template is drawn: no query may run while it is. The page for an unexpected error is
    # drawn without this, so a broken database breaks nothing more.
    return {
        "shell": _shell(request),
        "demo_people": DEMO_PEOPLE if settings.DEMO else (),
        "demo_password": _demo_password(request),
    }


def _demo_password(request: HttpRequest) -> str:
    """What a demo person confirms with: one click let them in, so they cannot know it otherwise."""
    user = getattr(request, "user", None)
    is_demo_person = user is not None and getattr(user, "email", "").endswith(f"@{DEMO_DOMAIN}")
    return PASSWORD if settings.DEMO and is_demo_person else ""


def _shell(request: HttpRequest) -> Shell:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Shell(is_demo=settings.DEMO)
    companies = tuple(
        Link(label=company.name, url=reverse("dashboard", args=[company.slug]))
        for company in list_companies(user.pk)
    )
    company = getattr(request, "company", None)
    if company is None:
        return Shell(user_name=str(user), person=str(user.pk), companies=companies, is_demo=settings.DEMO)
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set together with request.company
    return Shell(
        user_name=str(user),
        person=str(user.pk),
        company=CompanyLabel(name=company.name, slug=company.slug, nip=company.nip),
        companies=companies,
        environment=environment_label(company.environment),
        outage=find_announcement(company.environment, timezone.now()),
        nav=_navigation(request, actor, company),
        new_invoice_url=reverse("invoices:new", args=[company.slug]) if actor.may(Right.ISSUE) else None,
        may_decide=actor.may(Right.SETTINGS),
        is_demo=settings.DEMO,
    )


def _navigation(request: HttpRequest, actor: Actor, company: Company) -> tuple[Link, ...]:
    match = request.resolver_match
    here = match.view_name if match else ""
    area = here.partition(":")[0]
    entries = [
        (_("Pulpit"), "dashboard", "home", Right.VIEW),
        (_("Faktury sprzedaży"), "invoices:index", "invoice", Right.VIEW),
        (list_title(company.plan), "inbox:index", "download", Right.RECEIVE),
        (_("Kontrahenci"), "contractors:index", "people", Right.VIEW),
        (_("Użytkownicy"), "users:index", "person", Right.USERS),
        (_("Konfiguracja"), "accounts:settings", "settings", Right.VIEW),
    ]
    # For one entry a menu would be longer than the entry.
    secondary = {"users:index", "accounts:settings"} if actor.may(Right.USERS) else set()
    return tuple(
        Link(
            label=label,
            url=reverse(name, args=[company.slug]),
            is_current=here == name or (":" in name and _SECTIONS.get(area, area) == name.split(":")[0]),
            icon=icon,
            is_secondary=name in secondary,
        )
        for label, name, icon, right in entries
        if actor.may(right)
    )
