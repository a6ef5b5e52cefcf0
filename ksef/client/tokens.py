"""Requests about KSeF tokens (section 2.7)."""

from collections.abc import Sequence
from urllib.parse import quote

from ksef.client.parts import continued, read_continued, read_identifier
from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.paging import Page
from ksef.exchange.tokens import CreatedToken, ListedToken, TokenFilters, TokenPermission

PAGE_SIZE = 100


def create(
    transport: Transport, access_token: str, *, permissions: Sequence[TokenPermission], description: str
) -> CreatedToken:
    """The token is shown in this answer alone: when it gets lost there is one that nobody knows."""
    body = {"permissions": [permission.value for permission in permissions], "description": description}
    call = Call("POST", "/tokens", bearer=access_token, json=body, is_repeatable=False)
    return transport.run(call, _read_created)


def list_tokens(
    transport: Transport, access_token: str, *, filters: TokenFilters, cursor: str | None
) -> Page[ListedToken]:
    params: dict[str, str | int | Sequence[str]] = {"pageSize": PAGE_SIZE}
    if filters.statuses:
        params["status"] = [status.value for status in filters.statuses]
    if filters.description:
        params["description"] = filters.description
    if filters.author:
        params["authorIdentifier"] = filters.author.value
        params["authorIdentifierType"] = filters.author.kind
    call = Call("GET", "/tokens", bearer=access_token, params=params, headers=continued(cursor))
    return transport.run(call, _read_page)


def get(transport: Transport, access_token: str, reference: str) -> ListedToken:
    call = Call("GET", _path(reference), bearer=access_token)
    return transport.run(call, lambda answer: _read_token(Fields.parse(answer.body)))


def revoke(transport: Transport, access_token: str, reference: str) -> None:
    transport.run(Call("DELETE", _path(reference), bearer=access_token), lambda _: None)


def _path(reference: str) -> str:
    return f"/tokens/{quote(reference, safe='')}"


def _read_created(answer: Answer) -> CreatedToken:
    fields = Fields.parse(answer.body)
    return CreatedToken(reference=fields.text("referenceNumber"), token=fields.text("token"))


def _read_page(answer: Answer) -> Page[ListedToken]:
    return read_continued(Fields.parse(answer.body), "tokens", read=_read_token)


def _read_token(fields: Fields) -> ListedToken:
    return ListedToken(
        reference=fields.text("referenceNumber"),
        author=read_identifier(fields.object("authorIdentifier")),
        context=read_identifier(fields.object("contextIdentifier")),
        description=fields.find_text("description") or "",
        permissions=fields.texts("requestedPermissions"),
        created_at=fields.moment("dateCreated"),
        last_used_at=fields.find_moment("lastUseDate"),
        status=fields.text("status"),
        status_details=fields.texts("statusDetails"),
    )
