"""Operations on permissions take their time: a reference at once, the result and its effect later (section 11)."""

from collections.abc import Callable
from typing import Final

from ksef.simulator.access.outcomes import current_permissions
from ksef.simulator.errors import Gone, Refusal
from ksef.simulator.messages import Response, json_response
from ksef.simulator.numbers import new_reference
from ksef.simulator.permissions.planned import take_planned
from ksef.simulator.permissions.scopes import held
from ksef.simulator.routing import Call
from ksef.simulator.world import as_milliseconds, warsaw_date

SUCCESS: Final = 200
FAILED: Final = 400
UNRELATED: Final = 410
NOT_ENTITLED: Final = 420
WRONG_ROLE: Final = 430
LINKED: Final = 440
WRONG_KIND: Final = 450
_WAITING: Final = 100
_DESCRIPTIONS: Final = {
    _WAITING: "Operacja przyjęta do realizacji",
    SUCCESS: "Operacja zakończona sukcesem",
    FAILED: "Operacja zakończona niepowodzeniem",
    UNRELATED: "Podane identyfikatory są niezgodne lub pozostają w niewłaściwej relacji",
    NOT_ENTITLED: "Użyte poświadczenia nie mają uprawnień do wykonania tej operacji",
    WRONG_ROLE: "Kontekst identyfikatora nie odpowiada wymaganej roli lub uprawnieniom",
    LINKED: "Operacja niedozwolona dla wskazanych powiązań identyfikatorów",
    WRONG_KIND: "Operacja niedozwolona dla wskazanego identyfikatora lub jego typu",
    500: "Nieznany błąd",
    550: "Operacja została anulowana przez system",
}
_DETAILS: Final = {
    550: "Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu. Spróbuj ponownie później."
}


def accept(call: Call, *, judge: Callable[[], int], apply: Callable[[int], None]) -> Response:
    """Answer 202 with a reference; `apply` is told the moment from which a successful operation holds.

    `judge` is asked only if nothing else is planned for the operation.
    """
    planned = take_planned(call.world, "permissions")
    code = judge() if planned is None else planned
    ready_at = call.now + as_milliseconds(call.world.options.processing)
    if code == SUCCESS:
        apply(ready_at)
    reference = new_reference("EG", on=warsaw_date(call.now))
    context_type, context = call.caller.context
    call.world.store.insert(
        "permission_operations",
        reference=reference,
        context_type=context_type,
        context=context,
        started_at=call.now,
        ready_at=ready_at,
        code=code,
    )
    return json_response({"referenceNumber": reference}, status=202)


def still_holds(call: Call, *scopes: str) -> bool:
    """Return whether the caller may do this now; the access token may be older than the loss of a right (2.4)."""
    return not held(current_permissions(call.world, call.caller.authentication)).isdisjoint(scopes)


def show_operation(call: Call) -> Response:
    """GET /permissions/operations/{referenceNumber}: for 30 days, to whoever is in the context."""
    reference = call.parts["reference"]
    row = call.world.store.row("SELECT * FROM permission_operations WHERE reference = ?", reference)
    if row is None or (row["context_type"], row["context"]) != call.caller.context:
        raise Refusal(21405, f"Operacja o numerze referencyjnym {reference} nie została znaleziona.")
    if call.now > row["started_at"] + as_milliseconds(call.world.options.operation_retention):
        raise Gone
    code = row["code"] if call.now >= row["ready_at"] else _WAITING
    status: dict[str, object] = {"code": code, "description": _DESCRIPTIONS[code]}
    if code in _DETAILS:
        status["details"] = [_DETAILS[code]]
    return json_response({"status": status})
