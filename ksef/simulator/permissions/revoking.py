"""Taking permissions back by their identifier (section 11)."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Response
from ksef.simulator.permissions.judging import judge_revocation
from ksef.simulator.permissions.operations import accept
from ksef.simulator.permissions.records import find_grant, revoke_grant
from ksef.simulator.routing import Call

_LENGTH: Final = 36


def revoke_common(call: Call) -> Response:
    """DELETE /permissions/common/grants/{permissionId}: everything but authorizations."""
    return _revoke(call, authorization=False)


def revoke_authorization(call: Call) -> Response:
    """DELETE /permissions/authorizations/grants/{permissionId}."""
    return _revoke(call, authorization=True)


def _revoke(call: Call, *, authorization: bool) -> Response:
    permission_id = call.parts["permission"]
    if len(permission_id) != _LENGTH:
        raise Refusal(21405, f"permissionId: wymagane jest {_LENGTH} znaków.")
    grant = find_grant(call.world.store, permission_id, now=call.now)

    def apply(at: int) -> None:
        if grant is not None:
            revoke_grant(call.world.store, grant, at=at)

    return accept(call, judge=lambda: judge_revocation(call, grant, authorization=authorization), apply=apply)
