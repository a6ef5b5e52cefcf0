"""How a login will end: decided when it begins, shown once its time is over (section 2.4)."""

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ksef.simulator.access.authentications import Authentication
from ksef.simulator.access.identity import Identity
from ksef.simulator.access.ksef_tokens import Token, check_token
from ksef.simulator.access.token_request import TokenRequest
from ksef.simulator.certificates.trust import find_problem, note_use
from ksef.simulator.identifiers import Identifier, nip_of
from ksef.simulator.permissions.effect import permissions_of
from ksef.simulator.permissions.planned import take_planned
from ksef.simulator.permissions.scopes import held
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import is_blocked, is_deceased
from ksef.simulator.world import World

_SUCCESS: Final = 200
_NO_PERMISSIONS: Final = "Brak przypisanych uprawnień"
_DECEASED: Final = "Próba wykorzystania metod autoryzacyjnych osoby zmarłej"
_BLOCKED: Final = (
    "Podejrzenie incydentu bezpieczeństwa."
    " Skontaktuj się z Ministerstwem Finansów przez formularz zgłoszeniowy."
)
_CANCELLED: Final = "Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu. Spróbuj ponownie"
_PLANNED_DETAILS: Final = {550: _CANCELLED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The status code with its detail, and who it was."""

    code: int
    detail: str
    identity: Identity
    category: str
    permissions: tuple[str, ...]
    token: str | None = None
    certificate: bytes | None = None


def outcome_of_signature(
    call: Call, *, request: TokenRequest, identity: Identity, certificate: x509.Certificate
) -> Outcome:
    """Judge a login whose signature is right."""
    context = (request.context_type, request.context)
    verify_chain = (call.request.query_value("verifyCertificateChain") or "").lower() == "true"
    problem = find_problem(call.world, certificate, verify_chain=verify_chain, now=call.now)
    der = certificate.public_bytes(Encoding.DER)
    if problem:
        return Outcome(460, problem, identity, "XadesSignature", (), certificate=der)
    permissions = permissions_of(call.world, identity, context=context)
    code, detail = _end(call, identity, context=context, permissions=permissions)
    if code == _SUCCESS:
        note_use(call.world, certificate, now=call.now)
    return Outcome(code, detail, identity, "XadesSignature", permissions, certificate=der)


def outcome_of_token(call: Call, plain: bytes | None, *, issued_at: int, context: Identifier) -> Outcome:
    """Judge a login by a decrypted KSeF token; whatever is wrong with it is status 450."""
    check = check_token(call.world.store, plain, now=call.now, issued_at=issued_at, context=context)
    if check.token is None:
        stranger = Identity("Nip", nip_of(context[1]), "Token")
        if is_blocked(call.world, context=context):
            return Outcome(480, _BLOCKED, stranger, "Token", ())
        return Outcome(450, check.problem, stranger, "Token", ())
    author = Identity(check.token.author_type, check.token.author, "Token")
    permissions = _permissions_of_token(call.world, check.token)
    code, detail = _end(call, author, context=context, permissions=permissions)
    return Outcome(code, detail, author, "Token", permissions, token=check.token.reference)


def _end(
    call: Call, identity: Identity, *, context: Identifier, permissions: tuple[str, ...]
) -> tuple[int, str]:
    planned = take_planned(call.world, "login")
    if planned is not None:
        return planned, _PLANNED_DETAILS.get(planned, "")
    if is_deceased(call.world, identity):
        return 470, _DECEASED
    if is_blocked(call.world, context=context):
        return 480, _BLOCKED
    return (_SUCCESS, "") if permissions else (415, _NO_PERMISSIONS)


def current_permissions(world: World, authentication: Authentication) -> tuple[str, ...]:
    """Return what the login may do as things stand now, which its access token may not know yet (section 2.4)."""
    if authentication.token is not None:
        row = world.store.row("SELECT * FROM tokens WHERE reference = ?", authentication.token)
        return () if row is None else _permissions_of_token(world, Token(**row))
    context = (authentication.context_type, authentication.context)
    return permissions_of(world, authentication.identity, context=context)


def _permissions_of_token(world: World, token: Token) -> tuple[str, ...]:
    """A token gives what it was issued with, as long as its author may do that himself."""
    author = Identity(token.author_type, token.author, "Token")
    permissions = held(permissions_of(world, author, context=(token.context_type, token.context)))
    return tuple(scope for scope in token.granted if scope in permissions)
