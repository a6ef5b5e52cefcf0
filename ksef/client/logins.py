"""Requests about logins in force (section 2.5)."""

from urllib.parse import quote

from ksef.client.parts import continued, read_continued, read_status
from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.logins import ListedLogin, LoginMethod
from ksef.exchange.paging import Page

PAGE_SIZE = 100


def list_logins(transport: Transport, access_token: str, *, cursor: str | None) -> Page[ListedLogin]:
    call = Call(
        "GET",
        "/auth/sessions",
        bearer=access_token,
        params={"pageSize": PAGE_SIZE},
        headers=continued(cursor),
    )
    return transport.run(call, _read_page)


def end(transport: Transport, access_token: str, reference: str) -> None:
    path = f"/auth/sessions/{quote(reference, safe='')}"
    transport.run(Call("DELETE", path, bearer=access_token), lambda _: None)


def end_current(transport: Transport, access_or_refresh_token: str) -> None:
    call = Call("DELETE", "/auth/sessions/current", bearer=access_or_refresh_token)
    transport.run(call, lambda _: None)


def _read_page(answer: Answer) -> Page[ListedLogin]:
    return read_continued(Fields.parse(answer.body), "items", read=_read_login)


def _read_login(fields: Fields) -> ListedLogin:
    method = fields.object("authenticationMethodInfo")
    return ListedLogin(
        reference=fields.text("referenceNumber"),
        started_at=fields.moment("startDate"),
        method=LoginMethod(
            category=method.text("category"),
            code=method.find_text("code") or "",
            name=method.find_text("displayName") or "",
        ),
        status=read_status(fields.object("status")),
        is_redeemed=fields.find_boolean("isTokenRedeemed"),
        refreshed_at=fields.find_moment("lastTokenRefreshDate"),
        refresh_valid_until=fields.find_moment("refreshTokenValidUntil"),
        is_current=fields.find_boolean("isCurrent") or False,
    )
