"""Filling the registry of Peppol providers by hand."""

from typing import Final

from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.permissions.peppol import enter_provider
from ksef.simulator.routing import Call, Route


def add_provider(call: Call) -> Response:
    """Enter `{"id": "PPL000001", "name": "..."}`; one that is there already stays as it is."""
    fields = Fields.of(call.request)
    peppol_id = fields.matching("id", "PeppolId")
    enter_provider(
        call.world.store, peppol_id=peppol_id, name=fields.text("name", length=(1, 256)), now=call.now
    )
    return json_response({"id": peppol_id}, status=201)


PEPPOL_ROUTES: Final = (Route("POST", "/_control/peppol", add_provider),)
