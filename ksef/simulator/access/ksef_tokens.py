"""KSeF tokens: issuing, listing, revoking, and whether one may be used to log in (sections 2.3 and 2.7)."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Final

from ksef.simulator.errors import Forbidden, Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.paging import read_page
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.world import World, as_milliseconds, iso, iso_or_none, warsaw_date

PERMISSIONS: Final = (
    "InvoiceRead",
    "InvoiceWrite",
    "CredentialsRead",
    "CredentialsManage",
    "SubunitManage",
    "EnforcementOperations",
    "Introspection",
    "CollectiveIdentifierManage",
)
_STATUSES: Final = ("Pending", "Active", "Revoking", "Revoked", "Failed")
_CREDENTIALS: Final = frozenset({"CredentialsRead", "CredentialsManage"})
_MIN_FILTER: Final = 3


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    reference: str
    token_hash: str
    context_type: str
    context: str
    author_type: str
    author: str
    permissions: str
    description: str
    created_at: int
    active_at: int
    used_at: int | None
    revoked_at: int | None

    @property
    def granted(self) -> tuple[str, ...]:
        return tuple(json.loads(self.permissions))

    def status_at(self, now: int) -> str:
        if self.revoked_at is not None:
            return "Revoked"
        return "Active" if now >= self.active_at else "Pending"

    def as_json(self, now: int) -> dict[str, object]:
        return without_empty(
            {
                "referenceNumber": self.reference,
                "authorIdentifier": {"type": self.author_type, "value": self.author},
                "contextIdentifier": {"type": self.context_type, "value": self.context},
                "description": self.description,
                "requestedPermissions": list(self.granted),
                "dateCreated": iso(self.created_at),
                "lastUseDate": iso_or_none(self.used_at),
                "status": self.status_at(now),
            }
        )


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """The token that may log in, or what is wrong with it (status 450)."""

    token: Token | None
    problem: str = ""


def check_token(
    store: Store, plain: bytes | None, *, now: int, issued_at: int, context: tuple[str, str]
) -> TokenCheck:
    """Judge a decrypted `token|timestampMs`; the time must be that of the challenge, literally (2.1)."""
    if plain is None:
        return TokenCheck(None, "Nieprawidłowe szyfrowanie tokena")
    try:
        secret, separator, timestamp = plain.decode("utf-8").rpartition("|")
    except UnicodeDecodeError:
        return TokenCheck(None, "Nieprawidłowe kodowanie tokena")
    if not separator or timestamp != str(issued_at):
        return TokenCheck(
            None, "Nieprawidłowy czas tokena" if separator else "Nieprawidłowe kodowanie tokena"
        )
    row = store.row("SELECT * FROM tokens WHERE token_hash = ?", _hash(secret))
    return _judge(store, None if row is None else Token(**row), now=now, context=context)


def _judge(store: Store, token: Token | None, *, now: int, context: tuple[str, str]) -> TokenCheck:
    if token is None:
        return TokenCheck(None, "Nieprawidłowy token")
    if token.revoked_at is not None:
        return TokenCheck(None, "Token unieważniony")
    if token.status_at(now) != "Active":
        return TokenCheck(None, "Token nieaktywny")
    if (token.context_type, token.context) != context:
        return TokenCheck(None, f"Token nie może być użyty w kontekście {context[1]}")
    store.run("UPDATE tokens SET used_at = ? WHERE id = ?", now, token.id)
    return TokenCheck(token)


def is_revoked(store: Store, reference: str) -> bool:
    return store.row("SELECT id FROM tokens WHERE reference = ? AND revoked_at IS NULL", reference) is None


@dataclass(frozen=True, slots=True)
class TokenWish:
    """A token to be issued; it becomes active after `delay` seconds."""

    context: tuple[str, str]
    author: tuple[str, str]
    permissions: tuple[str, ...]
    description: str
    delay: float


def issue_token(world: World, wish: TokenWish) -> tuple[str, str]:
    """Make a token and return its reference and the secret, which is kept as a hash only."""
    now = world.now()
    reference = new_reference("EC", on=warsaw_date(now))
    secret = f"{reference}|{wish.context[0].lower()}-{wish.context[1]}|{secrets.token_hex(32)}"
    world.store.insert(
        "tokens",
        reference=reference,
        token_hash=_hash(secret),
        context_type=wish.context[0],
        context=wish.context[1],
        author_type=wish.author[0],
        author=wish.author[1],
        permissions=json.dumps(wish.permissions),
        description=wish.description,
        created_at=now,
        active_at=now + as_milliseconds(wish.delay),
    )
    return reference, secret


def generate_token(call: Call) -> Response:
    """POST /tokens: only after a signature, and only with permissions one has."""
    authentication = call.caller.authentication
    if authentication.category != "XadesSignature":
        raise Forbidden(
            "auth-method-not-allowed",
            "Metoda uwierzytelnienia nie pozwala na wykonanie operacji.",
            authenticationMethodCategory=authentication.category,
        )
    if authentication.context_type not in {"Nip", "InternalId"}:
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


def list_tokens(call: Call) -> Response:
    """GET /tokens with its filters, newest first."""
    page = read_page(call, low=10, high=100)
    found = [token for token in _visible(call) if _fits(call, token)]
    items = [token.as_json(call.now) for token in page.cut(found)]
    return json_response(without_empty({"continuationToken": page.next_token(len(found)), "tokens": items}))


def _fits(call: Call, token: Token) -> bool:
    statuses = call.request.query.get("status", [])
    if not set(statuses) <= set(_STATUSES):
        raise Refusal(21405, "status: nieznana wartość.")
    author_type = call.request.query_value("authorIdentifierType")
    return (
        (not statuses or token.status_at(call.now) in statuses)
        and _text_filter(call, "description") in token.description.lower()
        and _text_filter(call, "authorIdentifier") in token.author.lower()
        and author_type in {None, token.author_type}
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
    own = token.reference == call.caller.authentication.token
    if not own and not call.caller.has_any(frozenset({"CredentialsManage"})):
        raise Forbidden(
            "missing-permissions",
            "Brak wymaganych uprawnień do wykonania operacji w bieżącym kontekście.",
            requiredAnyOfPermissions=["CredentialsManage"],
            presentPermissions=list(call.caller.permissions),
        )
    call.world.store.run(
        "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", call.now, token.id
    )
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
    rows = call.world.store.rows(
        "SELECT * FROM tokens WHERE context_type = ? AND context = ? ORDER BY id DESC",
        mine.context_type,
        mine.context,
    )
    tokens = [Token(**row) for row in rows]
    if call.caller.has_any(_CREDENTIALS):
        return tokens
    return [token for token in tokens if token.reference == mine.token]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
