"""The stand-in for the ministry's own application, where users get certificates and tokens without any program.

Its key pairs are made here, handed out once and never kept, as the ministry's are made in the browser.
"""

import base64
from http import HTTPStatus
from typing import Final

from ksef.simulator.access.ksef_tokens import (
    PERMISSIONS,
    TokenWish,
    end_token,
    find_token,
    issue_token,
    list_latest_tokens,
)
from ksef.simulator.certificates.enrollment import note_request
from ksef.simulator.certificates.pairs import Pair, PairWish, make_pair
from ksef.simulator.certificates.records import find_certificate, list_latest_certificates, revoke
from ksef.simulator.errors import Elsewhere
from ksef.simulator.messages import Response
from ksef.simulator.pages.forms import action, choice, problems, read_form, text_field, value_of
from ksef.simulator.pages.front import status
from ksef.simulator.pages.html import Html, element, facts, fragment, table
from ksef.simulator.pages.layout import page, section
from ksef.simulator.pages.showing import PERMISSIONS as SCOPES
from ksef.simulator.pages.showing import identifier, moment
from ksef.simulator.pages.taxpayer_wishes import (
    Form,
    read_certificate_wish,
    read_token_wish,
)
from ksef.simulator.routing import Call
from ksef.simulator.world import as_milliseconds

_MOST: Final = 20
_TITLE: Final = "Aplikacja Podatnika (symulator)"
_TYPES: Final = {
    "Authentication": "Uwierzytelniający: uwierzytelnienie w systemie KSeF",
    "Offline": "Offline: podpis linku do weryfikacji wystawcy (kod II)",
}
_KEYS: Final = {"ec": "EC P-256 (zalecany)", "rsa": "RSA 2048"}


def show_application(call: Call) -> Response:
    """GET /web/."""
    return _application(call, {}, certificate_problems=[], token_problems=[])


def _application(
    call: Call, form: Form, *, certificate_problems: list[str], token_problems: list[str]
) -> Response:
    wrong = bool(certificate_problems or token_problems)
    return page(
        call,
        _TITLE,
        element(
            "p",
            "Zastępuje aplikację ministerstwa: wydaje certyfikaty i tokeny dla firm tego symulatora, bez logowania.",
        ),
        section("Wnioskuj o certyfikat", problems(certificate_problems), _certificate_form(call, form)),
        section("Certyfikaty", _certificates(call), name="certyfikaty"),
        section("Generuj token", problems(token_problems), _token_form(call, form)),
        section("Tokeny", _tokens(call), name="tokeny"),
        status=422 if wrong else 200,
    )


def _certificate_form(call: Call, form: Form) -> Html:
    def given(name: str, default: str = "") -> str:
        return value_of(form, name) or default

    return element(
        "form",
        text_field(
            "NIP firmy", "nip", value=given("nip"), inputmode="numeric", maxlength="10", required=True
        ),
        text_field(
            "PESEL osoby (opcjonalnie)",
            "pesel",
            value=given("pesel"),
            hint="Bez numeru PESEL certyfikat dostaje firma. Z nim: osoba, która ma w tej firmie uprawnienia.",
            inputmode="numeric",
            maxlength="11",
        ),
        text_field("Nazwa firmy albo imię i nazwisko", "holder", value=given("holder"), required=True),
        text_field(
            "Nazwa certyfikatu",
            "name",
            value=given("name"),
            hint="Tak będą się nazywać pliki.",
            required=True,
        ),
        choice("Rodzaj certyfikatu", "type", _TYPES, chosen=(given("type", "Authentication"),)),
        choice("Klucz", "key", _KEYS, chosen=(given("key", "ec"),)),
        text_field(
            "Hasło do klucza prywatnego",
            "password",
            kind="password",
            hint="Od 15 do 32 znaków: wielka i mała litera, cyfra i znak specjalny. Nie da się go odzyskać.",
            autocomplete="new-password",
            required=True,
        ),
        element("button", "Generuj", type="submit"),
        method="post",
        action=f"{call.request.root_url}/web/certificates",
        class_="fields",
    )


def _token_form(call: Call, form: Form) -> Html:
    return element(
        "form",
        text_field(
            "NIP firmy",
            "token_nip",
            value=value_of(form, "token_nip"),
            inputmode="numeric",
            maxlength="10",
            required=True,
        ),
        text_field("Opis tokena", "description", value=value_of(form, "description"), required=True),
        choice(
            "Uprawnienia",
            "permissions",
            {name: f"{SCOPES[name]} ({name})" for name in PERMISSIONS},
            chosen=tuple(form.get("permissions", ["InvoiceRead", "InvoiceWrite"])),
            several=True,
        ),
        element("button", "Generuj token", type="submit"),
        method="post",
        action=f"{call.request.root_url}/web/tokens",
        class_="fields",
    )


def issue_certificate(call: Call) -> Response:
    """POST /web/certificates: the two files of the ministry's application, on a page that is not kept."""
    form = read_form(call)
    asked = read_certificate_wish(call, form)
    if asked.wish is None:
        return _application(call, form, certificate_problems=asked.problems, token_problems=[])
    pair = make_pair(call.world, asked.wish, now=call.now)
    note_request(call.world, holder=asked.wish.holder, serial=pair.serial, now=call.now)
    return page(
        call, "Certyfikat został wydany", section("Pliki do pobrania", _files(asked.wish, pair)), _back(call)
    )


def _files(wish: PairWish, pair: Pair) -> Html:
    return fragment(
        element("p", "Pobierz oba pliki teraz: klucz nie został nigdzie zapisany.", class_="notice"),
        element(
            "ul",
            element("li", _download(f"{wish.name}.crt", pair.certificate_pem)),
            element("li", _download(f"{wish.name}.key", pair.key_pem), " (zaszyfrowany hasłem)"),
        ),
        facts(
            (
                ("Numer seryjny", element("code", pair.serial)),
                ("Rodzaj", _TYPES[wish.kind]),
                ("Dla kogo", identifier(*wish.holder)),
            )
        ),
    )


def _download(name: str, content: str) -> Html:
    encoded = base64.b64encode(content.encode()).decode("ascii")
    return element(
        "a", f"Pobierz {name}", href=f"data:application/x-pem-file;base64,{encoded}", download=name
    )


def generate_token(call: Call) -> Response:
    """POST /web/tokens: the token is shown this once."""
    form = read_form(call)
    asked = read_token_wish(call, form)
    if asked.wish is None:
        return _application(call, form, certificate_problems=[], token_problems=asked.problems)
    owner = ("Nip", asked.wish.nip)
    wish = TokenWish(
        context=owner,
        author=owner,
        permissions=asked.wish.permissions,
        description=asked.wish.description,
        delay=call.world.options.authentication,
    )
    reference, token = issue_token(call.world, wish)
    shown = fragment(
        element("p", "Zapisz token teraz: nie da się go pokazać ponownie.", class_="notice"),
        facts(
            (
                ("Token", element("code", token, id="token")),
                ("Numer referencyjny", element("code", reference)),
                ("Uprawnienia", ", ".join(SCOPES[name] for name in wish.permissions)),
            )
        ),
    )
    return page(call, "Token został wygenerowany", section("Token", shown), _back(call))


def revoke_certificate(call: Call) -> Response:
    """POST /web/certificates/{serial}/revoke."""
    read_form(call)
    found = find_certificate(call.world.store, call.parts["serial"], now=call.now)
    if found is None:
        raise Elsewhere(HTTPStatus.NOT_FOUND)
    if found.status_at(call.now) == "Active":
        ended_at = call.now + as_milliseconds(call.world.options.certification)
        revoke(call.world.store, found, now=call.now, ended_at=ended_at, reason="Unspecified")
    return _see(call, "certyfikaty")


def revoke_token(call: Call) -> Response:
    """POST /web/tokens/{reference}/revoke."""
    read_form(call)
    found = find_token(call.world.store, call.parts["reference"])
    if found is None:
        raise Elsewhere(HTTPStatus.NOT_FOUND)
    end_token(call.world, found, now=call.now)
    return _see(call, "tokeny")


def redirect_to_application(call: Call) -> Response:
    """GET /web."""
    return Response(308, headers=(("Location", f"{call.request.root_url}/web/"),))


def _see(call: Call, name: str) -> Response:
    return Response(303, headers=(("Location", f"{call.request.root_url}/web/#{name}"),))


def _back(call: Call) -> Html:
    return element("p", element("a", "Wróć do aplikacji", href=f"{call.request.root_url}/web/"))


def _certificates(call: Call) -> Html:
    rows = [
        (
            element("code", item.serial, class_="whole"),
            item.name,
            fragment(identifier(item.subject_type, item.subject), f" {item.common_name}"),
            "Uwierzytelniający" if item.kind == "Authentication" else "Offline",
            moment(item.valid_to),
            status(item.status_at(call.now)),
            action(call, f"/web/certificates/{item.serial}/revoke", "Unieważnij", subject=item.serial)
            if item.status_at(call.now) == "Active"
            else "",
        )
        for item in list_latest_certificates(call.world.store, now=call.now, most=_MOST)
    ]
    if not rows:
        return element("p", "Nie wydano jeszcze żadnego certyfikatu.", class_="dim")
    return table(("Numer", "Nazwa", "Dla kogo", "Rodzaj", "Ważny do", "Stan", "Działanie"), rows)


def _tokens(call: Call) -> Html:
    rows = [
        (
            element("code", item.reference),
            identifier(item.context_type, item.context),
            item.description,
            ", ".join(SCOPES[name] for name in item.granted),
            status(item.status_at(call.now)),
            action(call, f"/web/tokens/{item.reference}/revoke", "Unieważnij", subject=item.reference)
            if item.status_at(call.now) in {"Active", "Pending"}
            else "",
        )
        for item in list_latest_tokens(call.world.store, most=_MOST)
    ]
    if not rows:
        return element("p", "Nie wydano jeszcze żadnego tokena.", class_="dim")
    return table(("Token", "Kontekst", "Opis", "Uprawnienia", "Stan", "Działanie"), rows)
