"""How a path and a method find their handler, and what a handler is given."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ksef.simulator import bearer
from ksef.simulator.access.authentications import Authentication, find_authentication
from ksef.simulator.errors import Elsewhere, Forbidden, Problem, Refusal, Unauthorized
from ksef.simulator.identifiers import Identifier
from ksef.simulator.limits.counting import Counted, count_call
from ksef.simulator.messages import Request, Response
from ksef.simulator.outages.effect import interrupt, refuse_sending
from ksef.simulator.permissions.scopes import held
from ksef.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence


_API: Final = "/v2/"

ACCESS: Final = frozenset({bearer.Kind.ACCESS})
"""What nearly every operation takes: an access token."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds the bearer token: the authentication behind it and the permissions fixed in it."""

    authentication: Authentication
    permissions: tuple[str, ...]
    kind: bearer.Kind

    @property
    def context(self) -> tuple[str, str]:
        """Type and value of what the caller has logged in to."""
        return self.authentication.context_type, self.authentication.context

    @property
    def subject(self) -> tuple[str, str]:
        """Type and value of who has logged in."""
        return self.authentication.subject_type, self.authentication.subject

    def has_any(self, wanted: frozenset[str]) -> bool:
        return not wanted.isdisjoint(held(self.permissions))

    def require_context(self, *kinds: str) -> Identifier:
        """Return the context; Forbidden for an operation that its type does not know."""
        if self.context[0] not in kinds:
            raise Forbidden(
                "context-type-not-allowed",
                "Operacja nie jest dostępna dla uwierzytelnionego typu kontekstu.",
                contextIdentifierType=self.context[0],
            )
        return self.context


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through a handler."""

    world: World
    request: Request
    now: int
    parts: dict[str, str]
    _caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        if self._caller is None:
            raise Unauthorized
        return self._caller


@dataclass(frozen=True, slots=True)
class Route:
    """`takes` empty: no bearer token is asked for. `wants` empty: any permission will do.

    `group` is the rate limit that counts the call, by its name in /rate-limits (section 12); "other" counts each
    operation by itself, and what stands outside the API is not counted.
    `streams`: the handler reads the body itself, piece by piece, and opens its transactions itself, because an upload
    may take minutes.
    """

    method: str
    path: str
    handler: Callable[[Call], Response]
    takes: frozenset[bearer.Kind] = frozenset()
    wants: frozenset[str] = frozenset()
    group: str = "other"
    streams: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        object.__setattr__(self, "_pattern", re.compile(pattern))

    def parts_of(self, path: str) -> dict[str, str] | None:
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()


def serve(routes: "Sequence[Route]", *, world: World, request: Request, now: int) -> Response:
    """Call the handler of this request; raises the refusals that stand before it."""
    interrupt(world, request, now=now)
    route, parts = _find(routes, request)
    caller = _identify(route, world=world, request=request, now=now) if route.takes else None
    if route.path.startswith(_API):
        counted = Counted(
            operation=f"{route.method} {route.path}",
            group=route.group,
            context=caller.context if caller else None,
            address=request.client_ip,
        )
        count_call(world, counted, now=now)
    if caller is not None:
        _require_permission(route, caller)
    refuse_sending(world, request, now=now)
    return route.handler(Call(world, request, now, parts, caller))


def _find(routes: "Sequence[Route]", request: Request) -> tuple[Route, dict[str, str]]:
    others: set[str] = set()
    for route in routes:
        parts = route.parts_of(request.path)
        if parts is None:
            continue
        if route.method == request.method:
            return route, parts
        others.add(route.method)
    if others:
        raise Elsewhere(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", ", ".join(sorted(others))))
    raise Elsewhere(HTTPStatus.NOT_FOUND)


def _identify(route: Route, *, world: World, request: Request, now: int) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized
    claims = bearer.read(world.store, token.strip(), now=now)
    if claims.kind not in route.takes:
        raise Unauthorized
    authentication = find_authentication(world.store, claims.reference)
    if authentication is None:
        raise _unknown_login(claims)
    if claims.kind is bearer.Kind.ACCESS and not authentication.allows(request.client_ip):
        raise Forbidden(
            "ip-not-allowed",
            "Żądanie pochodzi z adresu IP innego niż wskazany podczas uwierzytelnienia.",
            clientIp=request.client_ip,
        )
    return Caller(authentication, claims.permissions, claims.kind)


def _unknown_login(claims: bearer.Claims) -> Problem:
    """A login that was forgotten: its access token says nothing to anybody, the others ask for an operation."""
    if claims.kind is bearer.Kind.ACCESS:
        return Unauthorized()
    return Refusal(
        21304,
        f"Operacja uwierzytelniania o numerze referencyjnym {claims.reference} nie została znaleziona.",
    )


def _require_permission(route: Route, caller: Caller) -> None:
    if route.wants and not caller.has_any(route.wants):
        raise Forbidden(
            "missing-permissions",
            "Brak wymaganych uprawnień do wykonania operacji w bieżącym kontekście.",
            requiredAnyOfPermissions=sorted(route.wants),
            presentPermissions=list(caller.permissions),
        )
