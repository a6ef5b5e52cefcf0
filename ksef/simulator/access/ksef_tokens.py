"""KSeF tokens as they are remembered, and whether one may be used to log in (sections 2.3 and 2.7)."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Final

from ksef.simulator.messages import without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.permissions.planned import take_planned
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
STATUSES: Final = ("Pending", "Active", "Revoking", "Revoked", "Failed")
_FAILED: Final = "Nie udało się aktywować tokena. Należy wygenerować nowy token."


@dataclass(frozen=True, slots=True)
class Token:
    """One token; activating takes until `active_at`, revoking until `ended_at`."""

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
    fails: int
    used_at: int | None
    revoked_at: int | None
    ended_at: int | None

    @property
    def granted(self) -> tuple[str, ...]:
        return tuple(json.loads(self.permissions))

    def status_at(self, now: int) -> str:
        if self.ended_at is not None:
            return "Revoked" if now >= self.ended_at else "Revoking"
        if now < self.active_at:
            return "Pending"
        return "Failed" if self.fails else "Active"

    def as_json(self, now: int) -> dict[str, object]:
        status = self.status_at(now)
        return without_empty(
            {
                "referenceNumber": self.reference,
                "authorIdentifier": {"type": self.author_type, "value": self.author},
                "contextIdentifier": {"type": self.context_type, "value": self.context},
                "description": self.description,
                "requestedPermissions": list(self.granted),
                "dateCreated": iso(self.created_at),
                "lastUseDate": iso_or_none(self.used_at),
                "status": status,
                "statusDetails": [_FAILED] if status == "Failed" else [],
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
    kind, value = wish.context
    secret = f"{reference}|{kind[:1].lower()}{kind[1:]}-{value}|{secrets.token_hex(32)}"
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
        fails=int(take_planned(world, "token") is not None),
    )
    return reference, secret


def end_token(world: World, token: Token, *, now: int) -> None:
    """Revoke; it cannot be used from now on, and a repetition changes nothing."""
    world.store.run(
        "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?), ended_at = coalesce(ended_at, ?) WHERE id = ?",
        now,
        now + as_milliseconds(world.options.authentication),
        token.id,
    )


def find_token(store: Store, reference: str) -> Token | None:
    row = store.row("SELECT * FROM tokens WHERE reference = ?", reference)
    return None if row is None else Token(**row)


def list_latest_tokens(store: Store, *, most: int) -> list[Token]:
    return [Token(**row) for row in store.rows("SELECT * FROM tokens ORDER BY id DESC LIMIT ?", most)]


def list_context_tokens(store: Store, *, context: tuple[str, str]) -> list[Token]:
    """Return the tokens of one context, the newest first."""
    rows = store.rows(
        "SELECT * FROM tokens WHERE context_type = ? AND context = ? ORDER BY created_at DESC, id DESC",
        *context,
    )
    return [Token(**row) for row in rows]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
