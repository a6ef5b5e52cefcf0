"""What one does with KSeF tokens: generating, listing, showing and revoking (section 2.7)."""

from dataclasses import dataclass
from typing import Final

from ksef.simulator.access.ksef_tokens import (
    PERMISSIONS,
    STATUSES,
    Token,
    TokenWish,
    end_token,
    issue_token,
    list_context_tokens,
)
from ksef.simulator.errors import Forbidden, Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.paging import read_page
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import identifiers_of

_CONTEXTS: Final = ("Nip", "InternalId")
_AUTHORS: Final = ("Nip", "Pesel", "Fingerprint")
_CREDENTIALS: Final = frozenset({"CredentialsRead", "CredentialsManage"})
_MANAGE: Final = frozenset({"CredentialsManage"})
_MIN_FILTER: Final = 3


def generate_token(call: Call) -> Response:
    """POST /tokens: only after a signature, and only with permissions one has."""
    authentication = call.caller.authentication
    if authentication.category != "XadesSignature":
        raise Forbidden(
            "auth-method-not-allowed",
            "Metoda uwierzytelnienia nie pozwala na wykonanie operacji.",
            authenticationMethodCategory=authentication.category,
        )
    if authentication.context_type not in _CONTEXTS:
        raise Refusal(26002, f"Obecny kontekst: {authentication.context_type}; dozwolone: Nip, InternalId.")
    fields = Fields.of(call.request)
    description = fields.text("description", length=(5, 256))
    permissions = tuple(dict.fromkeys(fields.texts("permissions")))
    if not permissions or not set(permissions) <= set(PERMISSIONS):
        raise Refusal(21405, "permissions: nieznane uprawnienie albo brak uprawnień.")
    missing = [name for name in permissions if not call.caller.has_any(frozenset({name}))]
    if missing:
        raise Refusal(26001, f"Brakujące uprawnienia: {', '.join(missing)}.")
    wish = TokenWish(
        context=(authentication.context_type, authentication.context),
        author=(authentication.subject_type, authentication.subject),
        permissions=permissions,
        description=description,
        delay=call.world.options.authentication,
    )
    reference, secret = issue_token(call.world, wish)
    return json_response({"referenceNumber": reference, "token": secret}, status=202)


@dataclass(frozen=True, slots=True)
class _Filters:
    """What a list is asked for; texts are looked for anywhere and in any case."""

    statuses: tuple[str, ...]
    description: str
    author: str
    author_type: str | None

    def fit(self, token: Token, *, now: int) -> bool:
        return (
            (not self.statuses or token.status_at(now) in self.statuses)
            and self.description in token.description.lower()
            and self.author in token.author.lower()
            and self.author_type in {None, token.author_type}
        )


def list_tokens(call: Call) -> Response:
    """GET /tokens with its filters, newest first."""
    page = read_page(call, low=10, high=100)
    filters = _read_filters(call)
    found = [token for token in _visible(call) if filters.fit(token, now=call.now)]
    items = [token.as_json(call.now) for token in page.cut(found)]
    return json_response(without_empty({"continuationToken": page.next_token(len(found)), "tokens": items}))


def _read_filters(call: Call) -> _Filters:
    statuses = tuple(call.request.query.get("status", []))
    author_type = call.request.query_value("authorIdentifierType")
    if not set(statuses) <= set(STATUSES) or author_type not in {None, *_AUTHORS}:
        raise Refusal(21405, "status, authorIdentifierType: nieznana wartość.")
    return _Filters(
        statuses=statuses,
        description=_text_filter(call, "description"),
        author=_text_filter(call, "authorIdentifier"),
        author_type=author_type,
    )


def _text_filter(call: Call, name: str) -> str:
    value = call.request.query_value(name)
    if value is not None and len(value) < _MIN_FILTER:
        raise Refusal(21405, f"{name}: wymagane są co najmniej {_MIN_FILTER} znaki.")
    return (value or "").lower()


def show_token(call: Call) -> Response:
    """GET /tokens/{referenceNumber}."""
    return json_response(_find(call).as_json(call.now))


def revoke_token(call: Call) -> Response:
    """DELETE /tokens/{referenceNumber}; one's own token needs no CredentialsManage (2.7)."""
    token = _find(call)
    if not call.caller.has_any(_MANAGE) and not _is_own(call, token):
        raise Forbidden(
            "missing-permissions",
            "Brak wymaganych uprawnień do wykonania operacji w bieżącym kontekście.",
            requiredAnyOfPermissions=sorted(_MANAGE),
            presentPermissions=list(call.caller.permissions),
        )
    end_token(call.world, token, now=call.now)
    return no_content()


def _find(call: Call) -> Token:
    reference = call.parts["reference"]
    found = next((token for token in _visible(call) if token.reference == reference), None)
    if found is None:
        raise Refusal(21405, f"Token o numerze referencyjnym {reference} nie został znaleziony.")
    return found


def _visible(call: Call) -> list[Token]:
    """Return the context's tokens, or only the caller's own without the right to see credentials."""
    mine = call.caller.authentication
    tokens = list_context_tokens(call.world.store, context=(mine.context_type, mine.context))
    if call.caller.has_any(_CREDENTIALS):
        return tokens
    return [token for token in tokens if _is_own(call, token)]


def _is_own(call: Call, token: Token) -> bool:
    """Return whether it is the token of this login, or after a signature one that the same subject generated."""
    mine = call.caller.authentication
    if mine.category == "Token":
        return token.reference == mine.token
    author = (token.author_type, token.author)
    return author in identifiers_of(call.world, kind=mine.subject_type, value=mine.subject)
