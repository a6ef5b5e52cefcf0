"""POST /invoices/query/metadata: invoices by filters, page by page (section 7.1)."""

import json
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.paging import read_numbered_page
from ksef.simulator.reading.filters import read_filters
from ksef.simulator.reading.search import Slice, find_documents
from ksef.simulator.routing import Call
from ksef.simulator.world import iso_or_none

_DIRECTIONS: Final = {"Asc": False, "Desc": True}
BEYOND: Final = (
    "Parametr dateRange.from jest późniejszy niż PermanentStorageHwmDate"
    " przy włączonym restrictToPermanentStorageHwmDate."
)


def query_metadata(call: Call) -> Response:
    """Answer with one page; 10 000 rows are the end of a query, and `isTruncated` says that more would follow."""
    page = read_numbered_page(call, low=10, high=250)
    descending = _read_direction(call)
    filters = read_filters(call, Fields.of(call.request))
    if filters.is_beyond:
        raise Refusal(21183, BEYOND)
    most = call.world.options.metadata_rows
    start = min(page.number * page.size, most)
    size = min(page.size, most - start)
    # One more than is shown tells whether there is more.
    part = Slice(start=start, count=size + 1, descending=descending)
    found = find_documents(call.world.store, filters, owner=call.caller.context, part=part)
    has_more = len(found) > size
    return json_response(
        without_empty(
            {
                "hasMore": has_more,
                "isTruncated": has_more and start + size == most,
                "permanentStorageHwmDate": iso_or_none(filters.hwm),
                "invoices": [json.loads(document) for document in found[:size]],
            }
        )
    )


def _read_direction(call: Call) -> bool:
    text = call.request.query_value("sortOrder") or "Asc"
    if text not in _DIRECTIONS:
        raise Refusal(21405, "sortOrder: wymagana jest wartość Asc lub Desc.")
    return _DIRECTIONS[text]
