"""The client against the simulator, an independent witness, over real sockets: the whole path and its accidents."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from invoices.domain.calendar import warsaw_date
from invoices.fa3_mapping import to_fa3
from ksef.certificates import self_signed_seal
from ksef.client.transport import utc_now
from ksef.errors import (
    AccessExpired,
    Ambiguous,
    ContractBroken,
    KSeFError,
    Limited,
    Refused,
    Unavailable,
)
from ksef.fa3.writer import write
from ksef.gateway import (
    Endpoint,
    Environment,
    Gateway,
    InvoiceStatus,
    OnlineSession,
    TokenCredential,
)
from ksef.number import KSeFNumber
from ksef.simulator.app import create_app
from ksef.simulator.server import SimulatorServer
from ksef.simulator.world import Options
from ksef.status import InvoiceFate, invoice_fate, needs_new_session
from ksef.upo import check_upo, read_upo
from tests.snapshots import SELLER, invoice_of

pytestmark = pytest.mark.contract

SEND = r"^/v2/sessions/online/[^/]+/invoices$"


class KSeF:
    """The simulator's address and its control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, what: str, body: object = None) -> Any:
        response = httpx.request(
            method, f"{self.url}/_control/{what}", json=body, timeout=10, trust_env=False
        )
        response.raise_for_status()
        return response.json() if response.content else None

    def plan(self, action: str, path: str, **more: object) -> None:
        match = {"path_regex": path}
        self.control("POST", "faults", {"faults": [{"match": match, "action": action, **more}]})

    def issue_token(self, **more: object) -> TokenCredential:
        issued = self.control("POST", "tokens", {"nip": SELLER.nip, **more})
        return TokenCredential(token=issued["token"])

    def received(self) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = self.control("GET", "ledger")["received"]
        return received

    def gateway(self, *, timeout: float = 10.0) -> Gateway:
        endpoint = Endpoint(
            environment=Environment.SIMULATOR, api_url=f"{self.url}/v2", qr_url=self.url, is_local=True
        )
        return Gateway(endpoint, timeout=timeout)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    options = Options(processing=0.05, authentication=0.05)
    with create_app(options=options) as app, SimulatorServer(("127.0.0.1", 0), app) as http_server:
        thread = Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{http_server.server_port}"
        http_server.shutdown()
        thread.join()


@pytest.fixture
def ksef(server: str) -> KSeF:
    ksef = KSeF(server)
    ksef.control("POST", "reset")
    ksef.control("POST", "options", {"processing": 0.05, "authentication": 0.05})
    return ksef


@pytest.fixture
def gateway(ksef: KSeF) -> Iterator[Gateway]:
    with ksef.gateway() as gateway:
        yield gateway


@pytest.fixture
def access(ksef: KSeF, gateway: Gateway) -> str:
    return gateway.log_in(ksef.issue_token(), nip=SELLER.nip).access.token


@pytest.fixture
def session(gateway: Gateway, access: str) -> OnlineSession:
    return gateway.open_online_session(access)


def _invoice(number: str = "FV/1/11/2026") -> bytes:
    return write(to_fa3(invoice_of(number=number, issue_date=warsaw_date(utc_now()))))


def _until[T](read: Callable[[], T], done: Callable[[T], bool]) -> T:
    """Await a condition."""
    deadline = monotonic() + 10
    while not done(value := read()):
        assert monotonic() < deadline, value
        sleep(0.02)
    return value


def _settled(gateway: Gateway, access: str, *, session: str, invoice: str) -> InvoiceStatus:
    return _until(
        lambda: gateway.get_invoice_status(access, session_reference=session, invoice_reference=invoice),
        lambda status: invoice_fate(status.code) is not InvoiceFate.PENDING,
    )


def _send_and_settle(gateway: Gateway, access: str, session: OnlineSession, xml: bytes) -> InvoiceStatus:
    reference = gateway.send_invoice(access, session=session, xml=xml)
    return _settled(gateway, access, session=session.reference, invoice=reference)


@pytest.mark.parametrize("kind", ["certificate", "token"])
def test_whole_path_from_login_to_confirmation(ksef: KSeF, gateway: Gateway, kind: str) -> None:
    """I3: both logins; the number, the UPO and the document all speak of our bytes."""
    seal = self_signed_seal(nip=SELLER.nip, name=SELLER.name, now=utc_now())
    login = gateway.log_in(seal if kind == "certificate" else ksef.issue_token(), nip=SELLER.nip)
    access = gateway.refresh(login.refresh.token).token
    session = gateway.open_online_session(access)
    xml = _invoice()
    digest = sha256(xml).digest()

    status = _send_and_settle(gateway, access, session, xml)
    assert invoice_fate(status.code) is InvoiceFate.ACCEPTED
    assert status.invoice_hash == digest
    assert status.invoicing_mode == "Online"
    assert status.ksef_number is not None
    assert KSeFNumber.parse(status.ksef_number).seller_nip == SELLER.nip

    upo = gateway.get_upo(access, session_reference=session.reference, invoice_reference=status.reference)
    assert check_upo(upo, ksef_number=status.ksef_number, sha256=digest).invoice_number == "FV/1/11/2026"
    assert b"SignatureValue" in upo
    assert read_upo(upo).session_reference == session.reference
    again = gateway.get_upo_by_ksef_number(
        access, session_reference=session.reference, ksef_number=status.ksef_number
    )
    assert check_upo(again, ksef_number=status.ksef_number, sha256=digest).sha256 == digest
    stored = _until(lambda: _try_get(gateway, access, status.ksef_number or ""), bool)
    assert stored == xml

    found = gateway.find_invoice(access, session_reference=session.reference, sha256=digest)
    assert found is not None
    assert (found.reference, found.ksef_number) == (status.reference, status.ksef_number)
    other = gateway.find_invoice(access, session_reference=session.reference, sha256=b"0" * 32)
    assert other is None

    gateway.close_online_session(access, session.reference)
    with pytest.raises(Refused) as closed:
        gateway.send_invoice(access, session=session, xml=_invoice("FV/2/11/2026"))
    assert needs_new_session(closed.value.code)


def _try_get(gateway: Gateway, access: str, number: str) -> bytes:
    try:
        return gateway.get_invoice(access, number)
    except Refused as refusal:
        if refusal.code != 21165:  # Processed, not yet in the archive.
            raise
        return b""


def test_same_number_again_names_the_original(gateway: Gateway, access: str, session: OnlineSession) -> None:
    """F18: 440 with extensions; the UPO comes from the original session."""
    xml = _invoice()
    first = _send_and_settle(gateway, access, session, xml)
    other = gateway.open_online_session(access)
    second = _send_and_settle(gateway, access, other, xml)
    assert invoice_fate(second.code) is InvoiceFate.DUPLICATE
    assert second.original_ksef_number == first.ksef_number
    assert second.original_session_reference == session.reference
    upo = gateway.get_upo_by_ksef_number(
        access, session_reference=session.reference, ksef_number=first.ksef_number or ""
    )
    check_upo(upo, ksef_number=first.ksef_number or "", sha256=sha256(xml).digest())


def test_of_two_posts_the_accepted_one_is_found(
    gateway: Gateway, access: str, session: OnlineSession
) -> None:
    """F39."""
    xml = _invoice()
    accepted = _send_and_settle(gateway, access, session, xml)
    _send_and_settle(gateway, access, session, xml)
    found = gateway.find_invoice(access, session_reference=session.reference, sha256=sha256(xml).digest())
    assert found is not None
    assert found.reference == accepted.reference


def test_refused_invoice_says_where_it_is_wrong(
    gateway: Gateway, access: str, session: OnlineSession
) -> None:
    status = _send_and_settle(gateway, access, session, _invoice().replace(b"<P_15>", b"<P_99/><P_15>"))
    assert status.code == 430
    assert status.details
    assert status.ksef_number is None


@pytest.mark.parametrize("fault", ["drop_after", "truncate"])
def test_lost_answer_is_ambiguous_and_the_invoice_is_found(
    ksef: KSeF, gateway: Gateway, access: str, session: OnlineSession, fault: str
) -> None:
    """F4, F7: KSeF did accept."""
    xml = _invoice()
    ksef.plan(fault, SEND)
    with pytest.raises(Ambiguous):
        gateway.send_invoice(access, session=session, xml=xml)
    found = gateway.find_invoice(access, session_reference=session.reference, sha256=sha256(xml).digest())
    assert found is not None
    settled = _settled(gateway, access, session=session.reference, invoice=found.reference)
    assert invoice_fate(settled.code) is InvoiceFate.ACCEPTED
    assert len(ksef.received()) == 1


@pytest.mark.parametrize("fault", [{"action": "drop_before"}, {"action": "status", "status": 503}])
def test_lost_request_is_ambiguous_and_the_invoice_is_not_there(
    ksef: KSeF, gateway: Gateway, access: str, session: OnlineSession, fault: dict[str, Any]
) -> None:
    """F5, F10: KSeF did not accept."""
    xml = _invoice()
    ksef.plan(path=SEND, **fault)
    with pytest.raises(Ambiguous):
        gateway.send_invoice(access, session=session, xml=xml)
    assert (
        gateway.find_invoice(access, session_reference=session.reference, sha256=sha256(xml).digest()) is None
    )
    assert ksef.received() == []


def test_slow_answer_is_ambiguous(ksef: KSeF, access: str, session: OnlineSession) -> None:
    """F4, F11: the timeout of a request holds."""
    ksef.plan("delay_after", SEND, seconds=2)
    with ksef.gateway(timeout=0.3) as hasty, pytest.raises(Ambiguous):
        hasty.send_invoice(access, session=session, xml=_invoice())
    assert len(ksef.received()) == 1


def test_limit_is_told_with_its_time(
    ksef: KSeF, gateway: Gateway, access: str, session: OnlineSession
) -> None:
    """F8."""
    ksef.plan("limited", SEND, retry_after=30)
    with pytest.raises(Limited) as caught:
        gateway.send_invoice(access, session=session, xml=_invoice())
    assert caught.value.retry_after == 30
    assert ksef.received() == []


def test_withdrawn_public_key_is_replaced(ksef: KSeF, gateway: Gateway, access: str) -> None:
    """F21: 21470 for the session key and for the token."""
    gateway.open_online_session(access)
    ksef.control("POST", "keys", {"mode": "emergency"})
    session = gateway.open_online_session(access)
    assert _send_and_settle(gateway, access, session, _invoice()).code == 200
    ksef.control("POST", "keys", {"mode": "emergency"})
    assert gateway.log_in(ksef.issue_token(), nip=SELLER.nip).access.token


def test_planned_rotation_and_recertification_pass_unnoticed(
    ksef: KSeF, gateway: Gateway, access: str
) -> None:
    """F21."""
    for change in ({"mode": "planned", "validInSeconds": 3600}, {"mode": "recertify"}, {"mode": "planned"}):
        ksef.control("POST", "keys", change)
        with ksef.gateway() as fresh:
            session = fresh.open_online_session(access)
            number = f"FV/{change}"
            assert _send_and_settle(fresh, access, session, _invoice(number)).code == 200


def test_expired_access_asks_for_a_new_one(ksef: KSeF, gateway: Gateway) -> None:
    """F12, F13: access ends, refresh helps; refresh ends, only a login does."""
    login = gateway.log_in(ksef.issue_token(), nip=SELLER.nip)
    ksef.control("POST", "clock", {"offset": 16 * 60})
    with pytest.raises(AccessExpired):
        gateway.open_online_session(login.access.token)
    gateway.open_online_session(gateway.refresh(login.refresh.token).token)
    ksef.control("POST", "clock", {"offset": 8 * 24 * 3600})
    with pytest.raises(AccessExpired):
        gateway.refresh(login.refresh.token)


def test_lost_tokens_lead_to_a_second_login(ksef: KSeF, gateway: Gateway) -> None:
    """F14."""
    ksef.plan("drop_after", "/auth/token/redeem$")
    assert gateway.log_in(ksef.issue_token(), nip=SELLER.nip).access.token


def test_unknown_token_is_refused_with_its_code(gateway: Gateway) -> None:
    """F13."""
    unknown = TokenCredential(token="20261122-EC-0000000000-0000000000-00|nip-5265877635|" + "0" * 64)
    with pytest.raises(Refused) as caught:
        gateway.log_in(unknown, nip=SELLER.nip)
    assert caught.value.code == 450


def test_seal_of_another_company_is_refused(gateway: Gateway) -> None:
    """S90: no rights in this context."""
    stranger = self_signed_seal(nip="1234563218", name="Obca", now=utc_now())
    with pytest.raises(Refused) as caught:
        gateway.log_in(stranger, nip=SELLER.nip)
    assert caught.value.code == 415


def test_token_without_the_right_is_forbidden(ksef: KSeF, gateway: Gateway) -> None:
    reader = gateway.log_in(ksef.issue_token(permissions=["InvoiceRead"]), nip=SELLER.nip)
    with pytest.raises(Refused) as caught:
        gateway.open_online_session(reader.access.token)
    assert (caught.value.code, caught.value.reason) == (403, "missing-permissions")


def test_session_of_nobody_is_refused(gateway: Gateway, access: str) -> None:
    """F16: 21173."""
    nobody = OnlineSession(
        reference="20261122-SO-0000000000-0000000000-00",
        valid_until=datetime(2026, 11, 23, tzinfo=UTC),
        key=b"k" * 32,
        iv=b"i" * 16,
    )
    with pytest.raises(Refused) as caught:
        gateway.send_invoice(access, session=nobody, xml=_invoice())
    assert needs_new_session(caught.value.code)


READS = {
    "status": lambda gateway, access: gateway.get_invoice_status(
        access, session_reference="SO", invoice_reference="EE"
    ),
    "upo": lambda gateway, access: gateway.get_upo(access, session_reference="SO", invoice_reference="EE"),
    "invoice": lambda gateway, access: gateway.get_invoice(access, "5265877635-20250826-0100001AF629-AF"),
    "find": lambda gateway, access: gateway.find_invoice(access, session_reference="SO", sha256=b"0" * 32),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"action": "drop_before"}, Unavailable),
        ({"action": "truncate"}, Unavailable),
        ({"action": "status", "status": 502}, Unavailable),
        ({"action": "limited", "retry_after": 7}, Limited),
        ({"action": "error", "code": 21405}, Refused),
        ({"action": "status", "status": 302}, ContractBroken),
    ],
    ids=str,
)
def test_failed_read_is_harmless(
    ksef: KSeF,
    gateway: Gateway,
    access: str,
    read: Callable[[Gateway, str], object],
    fault: dict[str, Any],
    error: type[KSeFError],
) -> None:
    """F7, F8, F10: nothing but a refusal by KSeF is final."""
    ksef.plan(path="/v2/(sessions|invoices)/", **fault)
    with pytest.raises(error) as caught:
        read(gateway, access)
    assert caught.value.is_safe_to_repeat is (error is not Refused)


def test_mounted_simulator_behaves_as_over_sockets() -> None:
    """The same faults, without sockets: integration tests mount the simulator."""
    options = Options(processing=0, authentication=0)
    with create_app(options=options) as app:
        transport = httpx.WSGITransport(app=app)
        endpoint = Endpoint(
            environment=Environment.SIMULATOR, api_url="http://ksef/v2", qr_url="http://ksef", is_local=True
        )
        with (
            httpx.Client(transport=transport, base_url="http://ksef") as control,
            Gateway(endpoint, transport=transport) as gateway,
        ):
            issued = control.post("/_control/tokens", json={"nip": SELLER.nip}).json()
            access = gateway.log_in(TokenCredential(token=issued["token"]), nip=SELLER.nip).access.token
            session = gateway.open_online_session(access)
            fault = {"match": {"path_regex": SEND}, "action": "drop_after"}
            control.post("/_control/faults", json={"faults": [fault]})
            with pytest.raises(Ambiguous):
                gateway.send_invoice(access, session=session, xml=_invoice())
            assert gateway.find_invoice(
                access, session_reference=session.reference, sha256=sha256(_invoice()).digest()
            )
