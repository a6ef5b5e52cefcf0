"""Invoices that another system has sent, put straight into the ledger: one by its XML, or many by simple fields."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from ksef.simulator.access.policy import Policy
from ksef.simulator.errors import Refusal
from ksef.simulator.flavours import FA_3, Form
from ksef.simulator.limits.effective import session_limits
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.numbers import new_reference
from ksef.simulator.routing import Call, Route
from ksef.simulator.sending.facts import Facts
from ksef.simulator.sending.forms import FORMS
from ksef.simulator.sending.judging import accept, find_original
from ksef.simulator.sending.records import (
    ONLINE,
    SUCCESS,
    Arrival,
    Session,
    add_invoice,
    find_session,
    get_invoice,
)
from ksef.simulator.sending.verification import Rejected, check_dates, read_invoice
from ksef.simulator.world import WARSAW, to_milliseconds, warsaw_date

_MOST: Final = 100_000
_AMOUNT: Final = re.compile(r"-?\d{1,12}(\.\d{1,2})?", re.ASCII)
_DOCUMENT: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"><Naglowek>\
<KodFormularza kodSystemowy="FA (3)" wersjaSchemy="1-0E">FA</KodFormularza><WariantFormularza>3</WariantFormularza>\
<DataWytworzeniaFa>{issued}T00:00:00Z</DataWytworzeniaFa><SystemInfo>Inny system</SystemInfo></Naglowek>\
<Podmiot1><DaneIdentyfikacyjne><NIP>{seller}</NIP><Nazwa>{seller_name}</Nazwa></DaneIdentyfikacyjne>\
<Adres><KodKraju>PL</KodKraju><AdresL1>ul. Zewnętrzna 1</AdresL1></Adres></Podmiot1>\
<Podmiot2><DaneIdentyfikacyjne>{buyer}<Nazwa>{buyer_name}</Nazwa></DaneIdentyfikacyjne>\
<Adres><KodKraju>PL</KodKraju><AdresL1>ul. Odbiorcza 2</AdresL1></Adres><JST>2</JST><GV>2</GV></Podmiot2>\
<Fa><KodWaluty>PLN</KodWaluty><P_1>{issued}</P_1><P_2>{number}</P_2><P_13_1>{net}</P_13_1><P_14_1>{vat}</P_14_1>\
<P_15>{gross}</P_15><Adnotacje><P_16>2</P_16><P_17>2</P_17><P_18>2</P_18><P_18A>2</P_18A>\
<Zwolnienie><P_19N>1</P_19N></Zwolnienie><NoweSrodkiTransportu><P_22N>1</P_22N></NoweSrodkiTransportu>\
<P_23>2</P_23><PMarzy><P_PMarzyN>1</P_PMarzyN></PMarzy></Adnotacje><RodzajFaktury>VAT</RodzajFaktury>\
<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Towar</P_7><P_8A>szt.</P_8A><P_8B>1</P_8B><P_9A>{net}</P_9A>\
<P_11>{net}</P_11><P_12>23</P_12></FaWiersz></Fa></Faktura>"""


@dataclass(frozen=True, slots=True)
class _Simple:
    """An invoice by the fields that matter to most tests; without a buyer's NIP the buyer is a consumer."""

    seller: str
    seller_name: str
    buyer: str | None
    buyer_name: str
    issued: date
    net: Decimal
    vat: Decimal

    def as_xml(self, number: str) -> bytes:
        return _DOCUMENT.format(
            issued=self.issued,
            seller=escape(self.seller),
            seller_name=escape(self.seller_name),
            buyer=f"<NIP>{escape(self.buyer)}</NIP>" if self.buyer else "<BrakID>1</BrakID>",
            buyer_name=escape(self.buyer_name),
            number=escape(number),
            net=self.net,
            vat=self.vat,
            gross=self.net + self.vat,
        ).encode()


@dataclass(frozen=True, slots=True)
class _Document:
    content: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What one call brings; the documents are made while they are stored."""

    documents: Iterator[_Document]
    count: int
    form: Form
    seller: str
    received_at: int
    offline: bool


def add_invoices(call: Call) -> Response:
    """Accept `{"xml", "form"?}` or `{"seller", "number", ..., "count"?}`; all the invoices of a call or none."""
    fields = Fields.of(call.request)
    has_moment = fields.has("receivedAt")
    received_at = to_milliseconds(fields.moment("receivedAt", zone=WARSAW)) if has_moment else call.now
    delivery = (
        _read_xml(call, fields, received_at) if fields.has("xml") else _read_simple(call, fields, received_at)
    )
    session = _open_elsewhere(call, delivery)
    numbers = [
        _add(call, session, delivery, document, ordinal)
        for ordinal, document in enumerate(delivery.documents, start=1)
    ]
    return json_response({"sessionReferenceNumber": session.reference, "ksefNumbers": numbers}, status=201)


def _read_xml(call: Call, fields: Fields, received_at: int) -> _Delivery:
    form = FORMS[fields.choice("form", FORMS)] if fields.has("form") else FA_3
    document = _judge(call, fields.base64("xml"), form=form, received_at=received_at)
    return _Delivery(
        documents=iter([document]),
        count=1,
        form=form,
        seller=document.facts.seller,
        received_at=received_at,
        offline=fields.has("offlineMode") and fields.flag("offlineMode"),
    )


def _read_simple(call: Call, fields: Fields, received_at: int) -> _Delivery:
    count = fields.integer("count", least=1, most=_MOST) if fields.has("count") else 1
    simple = _Simple(
        seller=fields.text("seller"),
        seller_name=fields.text("sellerName") if fields.has("sellerName") else "Sprzedawca z innego systemu",
        buyer=fields.text("buyer") if fields.has("buyer") else None,
        buyer_name=fields.text("buyerName") if fields.has("buyerName") else "Nabywca",
        issued=fields.day("issueDate") if fields.has("issueDate") else warsaw_date(received_at),
        net=_amount(fields, "net", "100.00"),
        vat=_amount(fields, "vat", "23.00"),
    )
    number = fields.text("number", length=(1, 240))
    numbers = [number] if count == 1 else [f"{number}/{index}" for index in range(1, count + 1)]
    first = _judge(call, simple.as_xml(numbers[0]), form=FA_3, received_at=received_at)
    # The others differ in the number alone: one of them judged is all of them judged.
    documents = (_Document(simple.as_xml(each), replace(first.facts, number=each)) for each in numbers)
    return _Delivery(documents, count, FA_3, first.facts.seller, received_at, offline=False)


def _amount(fields: Fields, name: str, default: str) -> Decimal:
    text = fields.text(name) if fields.has(name) else default
    if _AMOUNT.fullmatch(text) is None:
        raise Refusal(21405, f"{name}: an amount such as 123.45 is needed.")
    return Decimal(text)


def _judge(call: Call, content: bytes, *, form: Form, received_at: int) -> _Document:
    """Read the document as KSeF would; whoever may send it is not asked."""
    limits = session_limits(call.world, context=("Nip", ""), batch=True)
    try:
        facts = read_invoice(content, limits=limits, form=form, schemas=call.world.schemas)
        check_dates(facts, accepted_on=warsaw_date(received_at))
    except Rejected as rejection:
        raise Refusal(21405, *rejection.details) from rejection
    return _Document(content, facts)


def _open_elsewhere(call: Call, delivery: _Delivery) -> Session:
    """Return a finished session of the seller, in which another system has sent the invoices."""
    store, at = call.world.store, delivery.received_at
    system_code, schema_version, form_value = delivery.form
    reference = new_reference("SO", on=warsaw_date(at))
    store.insert(
        "sessions",
        reference=reference,
        kind=ONLINE,
        authentication=_log_in_elsewhere(call, delivery),
        context_type="Nip",
        context=delivery.seller,
        subject_type="Nip",
        subject=delivery.seller,
        system_code=system_code,
        schema_version=schema_version,
        form_value=form_value,
        offline=int(delivery.offline),
        created_at=at,
        updated_at=at,
        valid_until=at,
        ends_at=at,
        closed_at=at,
        due_at=at,
        unpacked=1,
        key=secrets.token_bytes(32),
        iv=secrets.token_bytes(16),
        checks_nip=0,
        total=delivery.count,
        accepted=delivery.count,
        code=SUCCESS,
    )
    session = find_session(store, reference)
    if session is None:
        raise LookupError(reference)
    return session


def _log_in_elsewhere(call: Call, delivery: _Delivery) -> str:
    """Return the reference of a login that is over; the receipts name it."""
    at = delivery.received_at
    reference = new_reference("AU", on=warsaw_date(at))
    call.world.store.insert(
        "authentications",
        reference=reference,
        context_type="Nip",
        context=delivery.seller,
        subject_type="Nip",
        subject=delivery.seller,
        category="XadesSignature",
        method="QualifiedSeal",
        permissions=json.dumps([]),
        started_at=at,
        ready_at=at,
        code=SUCCESS,
        detail="",
        document_hash=_digest(reference.encode()),
        policy=Policy().as_text(),
    )
    return reference


def _add(call: Call, session: Session, delivery: _Delivery, document: _Document, ordinal: int) -> str:
    original = find_original(call.world.store, document.facts)
    if original is not None:
        raise Refusal(21405, f"{document.facts.number}: {original.ksef_number}.")
    arrival = Arrival(
        session=session,
        ordinal=ordinal,
        reference=new_reference("EE", on=warsaw_date(delivery.received_at)),
        hash=_digest(document.content),
        content=document.content,
        size=len(document.content),
        offline=delivery.offline,
        received_at=delivery.received_at,
        due_at=delivery.received_at,
    )
    invoice = get_invoice(call.world.store, add_invoice(call.world.store, arrival))
    return accept(call.world, invoice, facts=document.facts, at=delivery.received_at).ksef_number


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")


INVOICE_ROUTES: Final = (Route("POST", "/_control/invoices", add_invoices),)
