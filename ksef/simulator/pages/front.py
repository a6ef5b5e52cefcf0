"""The front page: what this KSeF holds, so that a person who practises understands what KSeF sees."""

from collections.abc import Iterable
from typing import Final

from ksef.simulator.access.ksef_tokens import list_latest_tokens
from ksef.simulator.certificates.records import list_latest_certificates
from ksef.simulator.messages import Response
from ksef.simulator.pages.html import Html, element, facts, fragment, table
from ksef.simulator.pages.layout import ENVIRONMENTS, page, section
from ksef.simulator.pages.overview import (
    MOST,
    Lighthouse,
    count_all,
    latest_contexts,
    read_lighthouse,
)
from ksef.simulator.pages.showing import PERMISSIONS, amount, fate, identifier, moment, verdict
from ksef.simulator.permissions.records import latest_grants
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import list_latest_invoices, list_latest_sessions

_TITLES: Final = {
    "konteksty": "Konteksty",
    "faktury": "Ostatnie faktury",
    "sesje": "Ostatnie sesje",
    "uprawnienia": "Uprawnienia",
    "certyfikaty": "Certyfikaty",
    "tokeny": "Tokeny",
}
_CATEGORIES: Final = {
    "MAINTENANCE": "prace serwisowe",
    "FAILURE": "awaria",
    "TOTAL_FAILURE": "awaria całkowita",
}
_SESSIONS: Final = {
    100: "otwarta",
    150: "w przetwarzaniu",
    170: "zamknięta, w przetwarzaniu",
    200: "przetworzona",
}
_STATUSES: Final = {
    "Active": ("aktywny", True),
    "Pending": ("oczekuje na aktywację", None),
    "Revoking": ("w trakcie unieważniania", False),
    "Blocked": ("zablokowany", False),
    "Revoked": ("unieważniony", False),
    "Expired": ("wygasł", False),
    "Failed": ("nieudany", False),
}


def show_front_page(call: Call) -> Response:
    """GET /: the environment, its lighthouse and the latest of everything."""
    return page(
        call,
        f"Symulator KSeF: {ENVIRONMENTS[call.world.flavour.name]}",
        _contents(),
        section("Środowisko", _environment(call)),
        _listed("konteksty", _contexts(call), "Nikt się jeszcze nie zalogował."),
        _listed("faktury", _invoices(call), "Nie wpłynęła jeszcze żadna faktura."),
        _listed("sesje", _sessions(call), "Nie otwarto jeszcze żadnej sesji."),
        _listed("uprawnienia", _grants(call), "Nie nadano jeszcze żadnych uprawnień."),
        _listed("certyfikaty", _certificates(call), "Nie wydano jeszcze żadnego certyfikatu."),
        _listed("tokeny", _tokens(call), "Nie wydano jeszcze żadnego tokena."),
    )


def _contents() -> Html:
    links = (element("a", title, href=f"#{name}") for name, title in _TITLES.items())
    return element("nav", *links, aria_label="Na tej stronie")


def _environment(call: Call) -> Html:
    root, world = call.request.root_url, call.world
    base = root.removesuffix(f"/{world.flavour.name}")
    totals = count_all(world.store)
    others = (
        element(
            "a", text, href=f"{base}/{name}/", aria_current="page" if name == world.flavour.name else None
        )
        for name, text in ENVIRONMENTS.items()
    )
    return facts(
        (
            ("Adres API", element("code", f"{root}/v2")),
            ("Zegar", f"{moment(call.now)}{' (przestawiony)' if world.offset else ''}"),
            ("Latarnia", _lighthouse(read_lighthouse(world, now=call.now))),
            ("Przyjęte", str(totals.accepted)),
            ("Odrzucone", str(totals.rejected)),
            ("W toku", str(totals.invoices - totals.accepted - totals.rejected)),
            ("Środowiska", _separated(others)),
            ("Dla programistów", element("a", "API sterujące", href=f"{root}/_control/")),
        )
    )


def _lighthouse(lighthouse: Lighthouse) -> Html:
    if not lighthouse.works:
        return verdict("nie odpowiada", good=False)
    if not lighthouse.told:
        return verdict("KSeF działa", good=True)
    return _separated(
        verdict(f"{_CATEGORIES[outage.category]} od {moment(outage.starts_at)}", good=False)
        for outage in lighthouse.told
    )


def _separated(parts: Iterable[Html]) -> Html:
    shown: list[str] = []
    for part in parts:
        shown += [" · ", part] if shown else [part]
    return fragment(*shown)


def _listed(name: str, rows: list[tuple[str, ...]], nothing: str) -> Html:
    """A section with a table under its column names, or with the sentence that there is nothing."""
    title = _TITLES[name]
    if not rows:
        return section(title, element("p", nothing, class_="dim"), name=name)
    told = (
        element("p", f"Pokazano najwyżej {MOST} najnowszych.", class_="hint") if len(rows) >= MOST else None
    )
    return section(title, table(_COLUMNS[name], rows), told or "", name=name)


_COLUMNS: Final = {
    "konteksty": ("Kontekst", "Nazwa", "Logowania", "Sesje", "Faktury"),
    "faktury": ("Numer", "Sprzedawca", "Kwota", "Los"),
    "sesje": ("Sesja", "Kontekst", "Otwarta", "Stan", "Faktury"),
    "uprawnienia": ("Kto", "Co może", "Gdzie", "Od"),
    "certyfikaty": ("Numer", "Nazwa", "Dla kogo", "Rodzaj", "Stan"),
    "tokeny": ("Token", "Kontekst", "Opis", "Uprawnienia", "Stan"),
}


def _contexts(call: Call) -> list[tuple[str, ...]]:
    return [
        (
            identifier(item.kind, item.value),
            item.name or "",
            str(item.logins),
            str(item.sessions),
            f"{item.invoices} ({item.accepted} przyjętych, {item.rejected} odrzuconych)",
        )
        for item in latest_contexts(call.world.store)
    ]


def _invoices(call: Call) -> list[tuple[str, ...]]:
    return [
        (
            item.number or "(nieczytelna)" if item.code is not None else "(jeszcze nie odczytana)",
            f"{item.seller_name or ''} {item.seller or ''}".strip(),
            amount(item),
            fate(item),
        )
        for item in list_latest_invoices(call.world.store, most=MOST)
    ]


def _sessions(call: Call) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for item in list_latest_sessions(call.world.store, most=MOST):
        code = item.code_at(call.now)
        kind = "wsadowa" if item.is_batch else "interaktywna"
        rows.append(
            (
                fragment(element("code", item.reference), f" {kind}, {item.system_code}"),
                identifier(item.context_type, item.context),
                moment(item.created_at),
                verdict(_SESSIONS.get(code, f"błąd {code}"), good=code in _SESSIONS or False),
                f"{item.total} ({item.accepted} przyjętych, {item.rejected} odrzuconych)",
            )
        )
    return rows


def _grants(call: Call) -> list[tuple[str, ...]]:
    return [
        (
            identifier(*grant.subject),
            PERMISSIONS.get(grant.scope, grant.scope),
            identifier(*grant.context) if grant.context[1] else "u wszystkich partnerów",
            moment(grant.started_at),
        )
        for grant in latest_grants(call.world.store, now=call.now, most=MOST)
    ]


def _certificates(call: Call) -> list[tuple[str, ...]]:
    return [
        (
            element("code", item.serial, class_="whole"),
            item.name,
            fragment(identifier(item.subject_type, item.subject), f" {item.common_name}"),
            "Uwierzytelniający" if item.kind == "Authentication" else "Offline",
            status(item.status_at(call.now)),
        )
        for item in list_latest_certificates(call.world.store, now=call.now, most=MOST)
    ]


def _tokens(call: Call) -> list[tuple[str, ...]]:
    return [
        (
            element("code", item.reference),
            identifier(item.context_type, item.context),
            item.description,
            ", ".join(PERMISSIONS[name] for name in item.granted),
            status(item.status_at(call.now)),
        )
        for item in list_latest_tokens(call.world.store, most=MOST)
    ]


def status(name: str) -> Html:
    """The status of a certificate or a token."""
    text, good = _STATUSES[name]
    return verdict(text, good=good)
