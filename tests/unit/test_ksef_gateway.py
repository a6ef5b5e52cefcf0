"""The gateway's own decisions, against scripted answers: refusals, repetitions, pages, hashes."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ksef.certificates import self_signed_seal
from ksef.errors import (
    AccessExpired,
    Ambiguous,
    ContractBroken,
    KSeFError,
    Limited,
    Refused,
    Unavailable,
)
from ksef.gateway import Endpoint, Environment, Gateway, OnlineSession, TokenCredential

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NIP = "5265877635"
NUMBER = "5265877635-20250826-0100001AF629-AF"
XML = b"<Faktura/>"
SESSION = OnlineSession(reference="SO", valid_until=NOW, key=b"k" * 32, iv=b"i" * 16)
ENDPOINT = Endpoint(
    environment=Environment.TEST, api_url="https://ksef.example/v2", qr_url="https://qr.example"
)

type Reply = httpx.Response | Exception


class Script:
    """Answers of a KSeF that does as it is told; remembers what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/v2") for request in self.requests]

    def gateway(self) -> Gateway:
        transport = httpx.MockTransport(self.answer)
        return Gateway(ENDPOINT, transport=transport, sleep=self.pauses.append, now=lambda: NOW)


def _json(status: int, body: object, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def _problem(code: int) -> httpx.Response:
    return _json(
        400, {"title": "Bad Request", "status": 400, "errors": [{"code": code, "description": "no"}]}
    )


def _send(script: Script) -> str:
    with script.gateway() as gateway:
        return gateway.send_invoice("access", session=SESSION, xml=XML)


def _status(script: Script) -> object:
    with script.gateway() as gateway:
        return gateway.get_invoice_status("access", session_reference="SO", invoice_reference="EE")


@cache
def _certificate() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "key")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _keys(*ids: str) -> httpx.Response:
    return _json(
        200,
        [
            {
                "certificate": b64encode(_certificate()).decode(),
                "certificateId": "x",
                "publicKeyId": key_id,
                "validFrom": "2026-01-01T00:00:00Z",
                "validTo": "2028-01-01T00:00:00.1234567+00:00",
                "usage": ["KsefTokenEncryption", "SymmetricKeyEncryption", "SomethingNew"],
                "unknown": {"member": 1},
            }
            for key_id in ids
        ],
    )


def _challenge() -> httpx.Response:
    return _json(
        200,
        {
            "challenge": "20261122-CR-20F5EE4000-DA48AE4124-46",
            "timestamp": "2026-11-22T12:00:00Z",
            "timestampMs": 7,
        },
    )


def _begun() -> httpx.Response:
    return _json(
        202,
        {
            "referenceNumber": "AU",
            "authenticationToken": {"token": "auth", "validUntil": "2026-11-22T12:45:00Z"},
        },
    )


def _login_status(code: int, *details: str) -> httpx.Response:
    return _json(200, {"status": {"code": code, "description": "said KSeF", "details": list(details)}})


def _tokens() -> httpx.Response:
    until = "2026-11-22T12:15:00+00:00"
    return _json(
        200,
        {
            "accessToken": {"token": "a", "validUntil": until},
            "refreshToken": {"token": "r", "validUntil": until},
        },
    )


def _row(reference: str, *, code: int = 200, xml: bytes = XML, **more: object) -> dict[str, object]:
    return {
        "ordinalNumber": 1,
        "referenceNumber": reference,
        "invoiceHash": b64encode(sha256(xml).digest()).decode(),
        "invoicingDate": "2026-11-22T12:00:00Z",
        "status": {"code": code, "description": "so"},
        **more,
    }


REFUSED = [
    pytest.param(
        _json(
            400,
            {
                "title": "Bad Request",
                "status": 400,
                "errors": [
                    {"code": 21402, "description": "size", "details": ["one"], "new": 1},
                    {"code": 21403, "description": "hash", "details": None},
                ],
            },
        ),
        Refused(21402, "size", ("one", "hash")),
        id="problem details",
    ),
    pytest.param(
        _json(
            400,
            {
                "exception": {
                    "exceptionDetailList": [
                        {"exceptionCode": 21180, "exceptionDescription": "closed", "details": ["x"]}
                    ]
                }
            },
        ),
        Refused(21180, "closed", ("x",)),
        id="legacy",
    ),
    pytest.param(
        _json(
            403,
            {
                "title": "Forbidden",
                "status": 403,
                "detail": "not you",
                "reasonCode": "missing-permissions",
                "security": {"requiredAnyOfPermissions": ["InvoiceWrite", "Owner"]},
            },
        ),
        Refused(
            403, "not you", ("requiredAnyOfPermissions: InvoiceWrite, Owner",), reason="missing-permissions"
        ),
        id="forbidden",
    ),
    pytest.param(
        _json(410, {"title": "Gone", "status": 410, "detail": "too old"}), Refused(410, "too old"), id="gone"
    ),
    pytest.param(_json(400, {"errors": [], "title": "?"}), Refused(400, ""), id="no code at all"),
]


@pytest.mark.parametrize(("reply", "expected"), REFUSED)
def test_refusals_are_read_in_both_formats(reply: httpx.Response, expected: Refused) -> None:
    """Section 0: KSeF said no, nothing was accepted, and repeating the same is pointless."""
    with pytest.raises(Refused) as caught:
        _send(Script(reply))
    error = caught.value
    assert (error.code, error.message, error.details, error.reason) == (
        expected.code,
        expected.message,
        expected.details,
        expected.reason,
    )
    assert not error.is_safe_to_repeat


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": " 3600 "}, 3600.0),
        ({"Retry-After": "Sun, 22 Nov 2026 12:02:00 GMT"}, 120.0),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 1.0),
        ({"Retry-After": "999999999"}, 86400.0),
        ({"Retry-After": "-5"}, 60.0),
        ({"Retry-After": "soon"}, 60.0),
        ({}, 60.0),
    ],
)
def test_limit_says_how_long_to_wait(header: dict[str, str], seconds: float) -> None:
    """F8: seconds, a date, nonsense or nothing; nothing was accepted."""
    with pytest.raises(Limited) as caught:
        _send(Script(_json(429, {"status": {"code": 429}}, **header)))
    assert caught.value.retry_after == seconds
    assert caught.value.is_safe_to_repeat


def test_401_asks_for_a_new_token() -> None:
    """F12."""
    with pytest.raises(AccessExpired):
        _send(Script(httpx.Response(401, text="<html>")))


DOUBTFUL = [
    pytest.param(httpx.Response(500), Unavailable, id="500"),
    pytest.param(httpx.Response(503, text="<html>busy</html>"), Unavailable, id="503 page"),
    pytest.param(httpx.Response(408), Unavailable, id="408"),
    pytest.param(httpx.ReadTimeout("slow"), Unavailable, id="timeout"),
    pytest.param(httpx.ReadError("reset"), Unavailable, id="reset"),
    pytest.param(httpx.RemoteProtocolError("cut"), Unavailable, id="cut"),
    pytest.param(httpx.Response(202, text="<html>hello</html>"), ContractBroken, id="HTML"),
    pytest.param(httpx.Response(202, text=""), ContractBroken, id="empty"),
    pytest.param(httpx.Response(202, json={"status": {}}), ContractBroken, id="fields missing"),
    pytest.param(httpx.Response(202, json=["list"]), ContractBroken, id="other JSON"),
    pytest.param(httpx.Response(202, text="[" * 100_000), ContractBroken, id="deep JSON"),
    pytest.param(httpx.Response(403, text="<html>blocked</html>"), ContractBroken, id="403 of a proxy"),
    pytest.param(
        httpx.Response(302, headers={"Location": "https://evil.example/"}), ContractBroken, id="302"
    ),
]


@pytest.mark.parametrize(("reply", "read_error"), DOUBTFUL)
def test_doubt_is_ambiguous_after_a_write_and_harmless_after_a_read(
    reply: Reply, read_error: type[KSeFError]
) -> None:
    """F4, F5, F7, F10: one request, one answer, no second try behind the caller's back."""
    writing, reading = Script(reply), Script(reply)
    with pytest.raises(Ambiguous) as caught:
        _send(writing)
    assert not caught.value.is_safe_to_repeat
    with pytest.raises(read_error) as read:
        _status(reading)
    assert read.value.is_safe_to_repeat
    assert len(writing.requests) == len(reading.requests) == 1


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("refused"), httpx.ConnectTimeout("dark"), httpx.PoolTimeout("busy")]
)
def test_without_a_connection_nothing_was_delivered(failure: Exception) -> None:
    with pytest.raises(Unavailable) as caught:
        _send(Script(failure))
    assert caught.value.is_safe_to_repeat


def test_send_tells_hashes_sizes_and_mode() -> None:
    script = Script(_json(202, {"referenceNumber": "EE", "later": "field"}))
    with script.gateway() as gateway:
        assert gateway.send_invoice("access", session=SESSION, xml=XML, offline=True) == "EE"
    request = script.requests[0]
    body = json.loads(request.content)
    assert request.url.path == "/v2/sessions/online/SO/invoices"
    assert request.headers["Authorization"] == "Bearer access"
    assert request.headers["X-Error-Format"] == "problem-details"
    assert body["invoiceHash"] == b64encode(sha256(XML).digest()).decode()
    assert (body["invoiceSize"], body["encryptedInvoiceSize"]) == (10, 16)
    assert body["offlineMode"] is True


def test_status_is_read_with_all_its_parts() -> None:
    """F18, F52: extensions, unknown members, an enumeration that grew."""
    row = _row("EE", code=440, invoicingMode="Telepathy", acquisitionDate="2026-11-22T13:00:00+01:00", x={})
    row["status"] = {
        "code": 440,
        "description": "Duplikat",
        "details": ["a", "b"],
        "extensions": {
            "originalKsefNumber": NUMBER,
            "originalSessionReferenceNumber": "SO-1",
            "another": None,
        },
    }
    status = Script(_json(200, row))
    with status.gateway() as gateway:
        read = gateway.get_invoice_status("access", session_reference="SO", invoice_reference="EE")
    assert (read.code, read.description, read.details) == (440, "Duplikat", ("a", "b"))
    assert (read.original_ksef_number, read.original_session_reference) == (NUMBER, "SO-1")
    assert (read.invoicing_mode, read.acquisition_date) == ("Telepathy", NOW)
    assert read.invoice_hash == sha256(XML).digest()
    assert read.ksef_number is None


def test_duplicate_of_the_older_shape_has_no_original() -> None:
    """F20."""
    row = _row("EE", code=440, ksefNumber=None)
    with Script(_json(200, row)).gateway() as gateway:
        read = gateway.get_invoice_status("access", session_reference="SO", invoice_reference="EE")
    assert (read.original_ksef_number, read.original_session_reference) == (None, None)


def test_number_with_a_wrong_checksum_breaks_the_contract() -> None:
    """F52."""
    with pytest.raises(ContractBroken):
        _status(Script(_json(200, _row("EE", ksefNumber=NUMBER[:-1] + "0"))))


def _find(*pages: Reply) -> tuple[object, Script]:
    script = Script(*pages)
    with script.gateway() as gateway:
        found = gateway.find_invoice("access", session_reference="SO", sha256=sha256(XML).digest())
    return (found.reference if found else None), script


def test_invoice_is_found_on_a_later_page() -> None:
    """F1."""
    found, script = _find(
        _json(200, {"continuationToken": "t1", "invoices": [_row("A", xml=b"other")]}),
        _json(200, {"continuationToken": "", "invoices": [_row("B")]}),
    )
    assert found == "B"
    assert "x-continuation-token" not in script.requests[0].headers
    assert script.requests[1].headers["x-continuation-token"] == "t1"
    assert script.requests[1].url.params["pageSize"] == "1000"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([200, 440], "0"), ([440, 200], "1"), ([550, 150], "1"), ([430, 440], "1"), ([500, 500], "1")],
)
def test_of_the_same_bytes_the_one_that_went_furthest_counts(codes: list[int], expected: str) -> None:
    """F39: two workers posted, one was accepted, the other is its duplicate."""
    rows = [_row(str(place), code=code) for place, code in enumerate(codes)]
    assert _find(_json(200, {"invoices": rows}))[0] == expected


def test_nothing_found_means_every_page_was_read() -> None:
    assert _find(_json(200, {"continuationToken": None, "invoices": []}))[0] is None


def test_repeating_continuation_token_is_noticed() -> None:
    """F26."""
    page = {"continuationToken": "t", "invoices": []}
    with pytest.raises(ContractBroken):
        _find(*[_json(200, page) for _ in range(5)])


def test_row_that_cannot_be_read_is_not_taken_for_absence() -> None:
    """F26: "not found" would send the invoice again."""
    with pytest.raises(ContractBroken):
        _find(_json(200, {"invoices": [_row("A") | {"invoiceHash": "?"}]}))


def test_session_key_withdrawn_is_replaced_once() -> None:
    """F21: 21470."""
    opened = _json(201, {"referenceNumber": "SO", "validUntil": "2026-11-23T00:00:00Z"})
    script = Script(_keys("old"), _problem(21470), _keys("new"), opened)
    with script.gateway() as gateway:
        session = gateway.open_online_session("access")
    sent = [json.loads(request.content) for request in script.requests if request.method == "POST"]
    assert [body["encryption"]["publicKeyId"] for body in sent] == ["old", "new"]
    assert sent[0]["formCode"] == {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"}
    assert b64encode(session.iv).decode() == sent[1]["encryption"]["initializationVector"]
    assert (session.reference, len(session.key)) == ("SO", 32)
    assert "key" not in repr(session)


def test_session_key_withdrawn_again_is_an_error() -> None:
    with Script(_keys("a"), _problem(21470), _keys("b"), _problem(21470)).gateway() as gateway:
        with pytest.raises(Refused) as caught:
            gateway.open_online_session("access")
        assert caught.value.code == 21470


def test_keys_are_read_once_for_many_sessions() -> None:
    opened = {"referenceNumber": "SO", "validUntil": "2026-11-23T00:00:00Z"}
    script = Script(_keys("k"), _json(201, opened), _json(201, opened))
    with script.gateway() as gateway:
        gateway.open_online_session("access")
        gateway.open_online_session("access")
    assert script.paths.count("/security/public-key-certificates") == 1


@pytest.mark.parametrize("keys", [_json(200, []), _json(200, {}), _json(200, [{"publicKeyId": "x"}])])
def test_no_usable_public_key_breaks_the_contract(keys: httpx.Response) -> None:
    with Script(keys).gateway() as gateway, pytest.raises(ContractBroken):
        gateway.open_online_session("access")


def test_lost_answer_to_opening_is_safe_to_repeat() -> None:
    """An unused session ends by itself, so no doubt needs to be carried."""
    with Script(_keys("k"), httpx.ReadTimeout("slow")).gateway() as gateway, pytest.raises(Unavailable):
        gateway.open_online_session("access")


def _log_in(*replies: Reply) -> Script:
    script = Script(*replies)
    with script.gateway() as gateway:
        access = gateway.log_in(TokenCredential(token="secret"), nip=NIP)
    assert (access.access.token, access.refresh.token, access.authentication_reference) == ("a", "r", "AU")
    return script


def test_token_login_polls_patiently_and_redeems() -> None:
    script = _log_in(
        _keys("k"),
        _challenge(),
        _begun(),
        _login_status(100),
        _login_status(199),
        _login_status(200),
        _tokens(),
    )
    body = json.loads(script.requests[2].content)
    assert body["contextIdentifier"] == {"type": "Nip", "value": NIP}
    assert body["publicKeyId"] == "k"
    assert script.paths[3:] == ["/auth/AU", "/auth/AU", "/auth/AU", "/auth/token/redeem"]
    assert script.pauses == sorted(script.pauses)
    assert len(script.pauses) == 2


def test_lost_tokens_are_asked_for_anew_from_the_challenge() -> None:
    """F14: redeem works once."""
    lost = httpx.ReadTimeout("lost")
    once = (_challenge(), _begun(), _login_status(200))
    script = _log_in(_keys("k"), *once, lost, *once, _tokens())
    assert script.paths.count("/auth/challenge") == 2


def test_tokens_lost_twice_do_not_loop() -> None:
    """F14."""
    once = (_challenge(), _begun(), _login_status(200), httpx.ReadTimeout("lost"))
    with pytest.raises(Unavailable):
        _log_in(_keys("k"), *once, *once)


def test_token_key_withdrawn_takes_a_new_challenge_too() -> None:
    """F21."""
    script = _log_in(
        _keys("a"),
        _challenge(),
        _problem(21470),
        _keys("b"),
        _challenge(),
        _begun(),
        _login_status(200),
        _tokens(),
    )
    assert json.loads(script.requests[5].content)["publicKeyId"] == "b"


@pytest.mark.parametrize("code", [415, 425, 450, 460, 470, 480])
def test_refused_login_says_why_and_is_not_repeated(code: int) -> None:
    """F13, F15."""
    with pytest.raises(Refused) as caught:
        _log_in(_keys("k"), _challenge(), _begun(), _login_status(code, "why"))
    assert (caught.value.code, caught.value.message, caught.value.details) == (code, "said KSeF", ("why",))


@pytest.mark.parametrize("replies", [[_login_status(550)], [_login_status(500)], [_login_status(100)] * 11])
def test_login_that_ksef_does_not_finish_may_be_repeated(replies: Iterable[httpx.Response]) -> None:
    with pytest.raises(Unavailable):
        _log_in(_keys("k"), _challenge(), _begun(), *replies)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (_problem(21301), AccessExpired),
        (_problem(21304), AccessExpired),
        (_problem(21308), AccessExpired),
        (httpx.Response(401), AccessExpired),
        (_problem(21405), Refused),
        (httpx.ReadTimeout("slow"), Unavailable),
    ],
)
def test_refresh_that_fails_says_whether_to_log_in(reply: Reply, error: type[KSeFError]) -> None:
    """F13."""
    with Script(reply).gateway() as gateway, pytest.raises(error):
        gateway.refresh("refresh")


def test_refresh_gives_a_new_access_token() -> None:
    reply = _json(200, {"accessToken": {"token": "new", "validUntil": "2026-11-22T12:15:00Z"}})
    with Script(reply).gateway() as gateway:
        assert gateway.refresh("refresh").token == "new"


type Download = Callable[[Gateway], bytes]
DOWNLOADS: list[Download] = [
    lambda gateway: gateway.get_upo("access", session_reference="S/O", invoice_reference="E?E"),
    lambda gateway: gateway.get_upo_by_ksef_number("access", session_reference="SO", ksef_number=NUMBER),
    lambda gateway: gateway.get_invoice("access", NUMBER),
]


@pytest.mark.parametrize("download", DOWNLOADS)
def test_document_is_held_against_its_hash(download: Download) -> None:
    """F27."""
    digest = b64encode(sha256(XML).digest()).decode()
    good = Script(httpx.Response(200, content=XML, headers={"x-ms-meta-hash": digest}))
    with good.gateway() as gateway:
        assert download(gateway) == XML
    for bad in (
        httpx.Response(200, content=XML + b" ", headers={"x-ms-meta-hash": digest}),
        httpx.Response(200, content=b"", headers={"x-ms-meta-hash": digest}),
    ):
        with Script(bad).gateway() as gateway, pytest.raises(ContractBroken):
            download(gateway)


def test_document_without_the_header_is_left_to_the_other_checks() -> None:
    """F52: a missing optional field."""
    with Script(httpx.Response(200, content=XML)).gateway() as gateway:
        assert gateway.get_invoice("access", NUMBER) == XML


def test_references_cannot_leave_their_place_in_the_path() -> None:
    script = Script(httpx.Response(204))
    with script.gateway() as gateway:
        gateway.close_online_session("access", "../../auth?x=1")
    assert script.requests[0].url.raw_path == b"/v2/sessions/online/..%2F..%2Fauth%3Fx%3D1/close"


def test_token_that_no_header_can_carry_is_not_sent() -> None:
    script = Script()
    with script.gateway() as gateway, pytest.raises(AccessExpired):
        gateway.refresh("bad\r\nX-Header: 1")
    assert script.requests == []


def test_cookies_do_not_tie_calls_together() -> None:
    reply = httpx.Response(204, headers={"Set-Cookie": "who=me; Path=/"})
    script = Script(reply, httpx.Response(204))
    with script.gateway() as gateway:
        gateway.close_online_session("access", "SO")
        gateway.close_online_session("access", "SO")
    assert "Cookie" not in script.requests[1].headers


def test_answer_without_end_is_cut_off() -> None:
    """F43."""
    with pytest.raises(Ambiguous):
        _send(Script(httpx.Response(202, content=b" " * 12_000_001)))


def test_certificate_login_posts_the_signed_request() -> None:
    script = Script(_challenge(), _begun(), _login_status(200), _tokens())
    with script.gateway() as gateway:
        gateway.log_in(self_signed_seal(nip=NIP, name="Kwit", now=NOW), nip=NIP)
    signed = script.requests[1]
    assert signed.headers["Content-Type"] == "application/xml"
    assert b"<xades:SigningTime>2026-11-22T11:59:00Z<" in signed.content


@pytest.mark.parametrize("url", ["http://ksef.example/v2", "ftp://ksef.example", "ksef.example/v2", ""])
def test_ksef_is_asked_over_tls_or_not_at_all(url: str) -> None:
    """V39: no setting makes it otherwise, except for the simulator beside us."""
    with pytest.raises(ValueError, match="TLS"):
        Gateway(Endpoint(environment=Environment.PRODUCTION, api_url=url, qr_url="https://qr.example"))
