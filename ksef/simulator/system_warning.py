"""The header X-System-Warning: warnings for whoever runs the client, in ASCII (section 0)."""

import unicodedata
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from ksef.simulator.messages import Request, Response
from ksef.simulator.world import World

_API: Final = "/v2/"
_WANTED: Final = "x-test-system-warning"
_UNFOLDED: Final = str.maketrans({"ł": "l", "Ł": "L", "–": "-", "—": "-", "„": '"', "”": '"', "’": "'"})


def with_warning(response: Response, *, request: Request, world: World) -> Response:
    """Add the warning in force, or on TEST the one asked for, to the answer of a call that went well."""
    if not request.path.startswith(_API) or response.status >= HTTPStatus.BAD_REQUEST:
        return response
    asked = request.headers.get(_WANTED, "") if world.flavour.has_test_data else ""
    text = fold(asked or world.warning)
    if not text:
        return response
    return replace(response, headers=(*response.headers, ("X-System-Warning", text)))


def fold(text: str) -> str:
    """Return the text in printable ASCII on one line."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_UNFOLDED))
    ascii_only = decomposed.encode("ascii", "ignore").decode("ascii")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in ascii_only).split())
