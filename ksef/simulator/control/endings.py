"""Planning how the next logins, requests and operations end, for what is KSeF's own trouble."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.permissions.planned import PLANNED, plan
from ksef.simulator.routing import Call, Route


def plan_endings(call: Call) -> Response:
    """Let the next ones end with these codes: `{"area": "login", "codes": [550, 500]}`."""
    fields = Fields.of(call.request)
    area, codes = fields.choice("area", tuple(PLANNED)), fields.integers("codes")
    if not set(codes) <= PLANNED[area]:
        raise Refusal(21405, f"codes: one of {sorted(PLANNED[area])}.")
    plan(call.world, area=area, codes=codes)
    return json_response({"area": area, "codes": codes})


ENDINGS_ROUTES: Final = (Route("POST", "/_control/endings", plan_endings),)
