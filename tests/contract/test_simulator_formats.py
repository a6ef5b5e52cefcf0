"""Which documents the simulator takes and what it reads out of them (sections 4.2, 13, 15; F43)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ksef.fa3.schema import SchemaUnavailable
from ksef.simulator.flavours import FA_2, FA_3, FA_RR
from ksef.simulator.limits.effective import SessionLimits
from ksef.simulator.sending.facts import Facts, Party
from ksef.simulator.sending.schemas import available_forms
from ksef.simulator.sending.verification import Rejected, check_identifiers, read_invoice
from tests.contract.documents import (
    NO_ID,
    VERSIONS,
    Third,
    internal_id,
    nip,
    other_id,
    vat_ue,
    write_fa,
    write_rr,
)
from tests.contract.hostile import CORPUS
from tests.contract.ministry import BUYER, SELLER, OpenSession, Visitor, visiting
from tests.contract.reading import filters_for, metadata_page, preload

if TYPE_CHECKING:
    from ksef.simulator.flavours import Form

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
SHARED = Path(__file__).parents[3] / "shared" / "ksef"
SCHEMAS = Path(os.environ.get("KSEF_SCHEMAS", SHARED / "xsd"))
SAMPLES = Path(os.environ.get("KSEF_FA3_SAMPLES", SHARED / "fa3-samples"))
LIMITS = SessionLimits(1_000_000, 3_000_000, 10_000)
INTERNAL = "6824515772-12343"

needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason=f"no official schemas in {SCHEMAS} (KSEF_SCHEMAS)"
)
with_and_without_schemas = pytest.mark.parametrize(
    "schemas", [None, pytest.param(SCHEMAS, marks=needs_schemas)], ids=["unjudged", "schema"]
)


def _read(content: bytes, form: Form = FA_3, *, schemas: Path | None = None) -> Facts:
    return read_invoice(content, limits=LIMITS, form=form, schemas=schemas)


def _reason(content: bytes, form: Form, *, schemas: Path | None = None) -> str:
    with pytest.raises(Rejected) as rejected:
        _read(content, form, schemas=schemas)
    assert rejected.value.code == 430
    return str(rejected.value.details[0])


@with_and_without_schemas
@pytest.mark.parametrize("form", [FA_2, FA_3], ids=lambda form: form[0])
@pytest.mark.parametrize(
    ("kind", "invoice_type"),
    [
        ("VAT", "Vat"),
        ("ZAL", "Zal"),
        ("KOR", "Kor"),
        ("ROZ", "Roz"),
        ("UPR", "Upr"),
        ("KOR_ZAL", "KorZal"),
        ("KOR_ROZ", "KorRoz"),
    ],
)
def test_kinds_of_an_invoice(form: Form, kind: str, invoice_type: str, schemas: Path | None) -> None:
    """7.1: RodzajFaktury and the name the API has for it; FA(2) reads like FA(3)."""
    facts = _read(write_fa(form=form[0], kind=kind), form, schemas=schemas)
    assert (facts.form, facts.kind, facts.invoice_type) == (form, kind, invoice_type)


@with_and_without_schemas
@pytest.mark.parametrize(
    ("kind", "invoice_type"), [("VAT_RR", "VatRr"), ("KOR_VAT_RR", "KorVatRr")], ids=["basic", "correction"]
)
def test_farmers_invoice(kind: str, invoice_type: str, schemas: Path | None) -> None:
    """15: FA_RR(1) has names of its own: the farmer is the seller, number and date are P_4C and P_4B."""
    third = (Third(internal_id(INTERNAL), 2),)
    document = write_rr(kind=kind, currency="EUR", refund_in_pln="60.20", third=third)
    facts = _read(document, FA_RR, schemas=schemas)
    assert (facts.seller, facts.buyer.nip, facts.number) == (BUYER, SELLER, "RR/1")
    assert (facts.net, facts.gross, facts.vat) == (Decimal(200), Decimal(214), Decimal("60.20"))
    assert (facts.invoice_type, facts.is_self_invoicing) == (invoice_type, False)
    assert facts.internal_ids == (INTERNAL,)
    assert _read(write_rr(), FA_RR, schemas=schemas).vat == Decimal(14)


@with_and_without_schemas
@pytest.mark.parametrize("form", [FA_2, FA_3, FA_RR], ids=lambda form: form[0])
def test_document_of_another_structure(form: Form, schemas: Path | None) -> None:
    """4.2 and 13.1: the session has named one structure; whatever is of another ends with 430."""
    documents = {FA_2: write_fa(form="FA (2)"), FA_3: write_fa(), FA_RR: write_rr()}
    for own, document in documents.items():
        if own == form:
            assert _read(document, form, schemas=schemas).form == form
        else:
            assert "XSD" in _reason(document, form, schemas=schemas)
    # The right namespace alone does not do: KodFormularza says it, too.
    name, version, _value = form
    for before, after in ((name, "FA (1)"), (f'"{version}"', '"9-9E"')):
        disguised = documents[form].decode().replace(before, after, 1).encode()
        assert "KodFormularza" in _reason(disguised, form, schemas=schemas)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<RodzajFaktury>VAT_RR", "<RodzajFaktury>VAT"),
        ("<P_4C>RR/1</P_4C>", ""),
        ("<P_4C>RR/1</P_4C>", "<P_4C> </P_4C>"),
        ("<P_4B>2026-11-20", "<P_4B>20.11.2026"),
        ("<P_12_1>214.00", "<P_12_1>much"),
        ("<P_12_1>214.00", "<P_12_1>NaN"),
        ("<P_11_1>200.00", "<P_11_1>-"),
        ("<KodWaluty>PLN", "<KodWaluty>zł"),
        ("<NIP>1111111111", "<NIP>111-111-11-11"),
        ("<NIP>1111111111", "<NIP>0111111111"),
        ("<Nazwa>Jan Rolnik</Nazwa>", ""),
    ],
)
def test_what_is_missing_where_no_schema_judges(before: str, after: str) -> None:
    """What KSeF reads must be there and readable even in a form whose schema is not at hand."""
    document = write_rr().decode()
    assert before in document
    reason = _reason(document.replace(before, after, 1).encode(), FA_RR)
    assert reason.startswith("Element ")


@needs_schemas
def test_a_schema_sees_more() -> None:
    """With --schemas a FA_RR(1) without a line's price is refused; without it nobody looks."""
    document = write_rr().replace(b"<P_7>2.00</P_7>", b"")
    assert "XSD" in _reason(document, FA_RR, schemas=SCHEMAS)
    assert _read(document, FA_RR).number == "RR/1"
    assert available_forms(SCHEMAS) == ["FA (2)", "FA (3)", "FA_RR (1)"]


def test_folder_of_schemas(tmp_path: Path) -> None:
    """An empty folder judges nothing more; a broken file in it is told and not ignored."""
    assert available_forms(tmp_path) == available_forms(None) == ["FA (3)"]
    (tmp_path / "schemat_FA(2)_v1-0E.xsd").write_text("<not-a-schema/>")
    with pytest.raises(SchemaUnavailable):
        available_forms(tmp_path)


def test_program_tells_of_a_broken_schema(tmp_path: Path) -> None:
    """`--schemas` and KSEF_SCHEMAS: one sentence and status 1 before the first invoice."""
    (tmp_path / "schemat_FA_RR(1)_v1-1E.xsd").write_text("no XML")
    program = [sys.executable, "-m", "ksef.simulator", "--port", "0"]
    for arguments, more in ((["--schemas", str(tmp_path)], {}), ([], {"KSEF_SCHEMAS": str(tmp_path)})):
        ended = subprocess.run(
            [*program, *arguments],
            cwd=ROOT,
            env=os.environ | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("The simulator cannot judge invoices: ")
        assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("identifier", "name", "party"),
    [
        (nip(BUYER), "Nabywca", Party("Nip", BUYER, "Nabywca")),
        (vat_ue("DE", "123456789"), "Käufer", Party("VatUe", "DE123456789", "Käufer")),
        (other_id("AB123"), "Buyer", Party("Other", "AB123", "Buyer")),
        (NO_ID, None, Party("None", None, None)),
    ],
    ids=["nip", "vat-ue", "other", "none"],
)
def test_identification_of_the_buyer(identifier: str, name: str | None, party: Party) -> None:
    """15.2: the four cases."""
    assert _read(write_fa(buyer=identifier, buyer_name=name)).buyer == party


def test_third_parties_and_the_authorized() -> None:
    """15: every kind of identifier and role, in the order of the document; a described role is 0."""
    third = (
        Third(nip("3333333333"), 4, "Drugi nabywca"),
        Third(internal_id(INTERNAL), 2),
        Third(vat_ue("FR", "1A"), 6),
        Third(other_id("X-1"), 11),
        Third(NO_ID, 0, None),
    )
    facts = _read(write_fa(third=third, authorized=("2222222222", 3)))
    assert facts.third_parties == (
        Party("Nip", "3333333333", "Drugi nabywca", 4),
        Party("InternalId", INTERNAL, "Trzeci", 2),
        Party("VatUe", "FR1A", "Trzeci", 6),
        Party("Other", "X-1", "Trzeci", 11),
        Party("None", None, None, 0),
    )
    assert facts.authorized == Party("Nip", "2222222222", "Upoważniony", 3)


def test_sums() -> None:
    """7.1: net is all P_13, tax all P_14, in PLN also where the invoice is not."""
    buckets = (
        ("P_13_1", "100.10"),
        ("P_14_1", "23.02"),
        ("P_13_2", "10"),
        ("P_14_2", "0.80"),
        ("P_13_6_1", "5.05"),
        ("P_13_7", "-3"),
    )
    facts = _read(write_fa(amounts=buckets, gross="135.97"))
    assert (facts.net, facts.vat, facts.gross) == (Decimal("112.15"), Decimal("23.82"), Decimal("135.97"))
    euros = (("P_13_1", "100"), ("P_14_1", "23"), ("P_14_1W", "98.90"))
    facts = _read(write_fa(currency="EUR", amounts=euros))
    assert (facts.net, facts.vat, facts.currency) == (Decimal(100), Decimal("98.90"), "EUR")
    assert _read(write_fa(amounts=())).net == 0


def test_marks() -> None:
    """7.1: self-invoicing (P_17) and an attachment."""
    facts = _read(write_fa(self_invoicing=True, attachment=True))
    assert (facts.is_self_invoicing, facts.has_attachment) == (True, True)
    facts = _read(write_fa())
    assert (facts.is_self_invoicing, facts.has_attachment) == (False, False)


def test_check_digits_of_everybody() -> None:
    """13.4: seller, buyer, third parties, the authorized, and the NIP inside an internal identifier."""
    wrong = "1234567890"
    good = (Third(internal_id(INTERNAL), 8),)
    check_identifiers(_read(write_fa(third=good, authorized=(BUYER, 1))))
    for document, number in (
        (write_fa(seller=wrong), 1),
        (write_fa(buyer=nip(wrong)), 1),
        (write_fa(third=(Third(nip(wrong), 4),)), 1),
        (write_fa(authorized=(wrong, 2)), 1),
        # The last digit fits the fourteen before it: only the NIP among them is wrong.
        (write_fa(third=(Third(internal_id("1234567890-12347"), 8),)), 1),
        # Here it is the identifier's own last digit.
        (write_fa(third=(Third(internal_id("6824515772-12344"), 8),)), 1),
        (write_fa(third=(Third(internal_id("1234567890-12341"), 8),), buyer=nip("1234567891")), 3),
    ):
        with pytest.raises(Rejected) as rejected:
            check_identifiers(_read(document))
        assert (rejected.value.code, len(rejected.value.details)) == (450, number), rejected.value.details


OFFICIAL: dict[str, dict[str, Any]] = {
    "01": {"invoice_type": "Vat", "net": "1667.61", "vat": "383.38", "gross": "2051"},
    "02": {"invoice_type": "Kor", "net": "-162.60", "vat": "-37.40", "gross": "-200"},
    "05": {"invoice_type": "Kor", "net": "0", "vat": "0", "gross": "0"},
    "08": {"net": "15000", "vat": "0", "number": "FM2026/02/150"},
    "09": {
        "buyer": Party("Nip", "1111111111", "Gmina Bzdziszewo"),
        "third_parties": (Party("Nip", "2222222222", "Szkoła Podstawowa w Bzdziszewie", 8),),
    },
    "10": {"invoice_type": "Zal", "net": "16260.16", "vat": "3739.84", "gross": "20000"},
    "12": {"invoice_type": "KorZal", "net": "9240.75", "vat": "759.25"},
    "14": {"invoice_type": "Roz", "gross": "307635"},
    "15": {"invoice_type": "Upr", "buyer": Party("Nip", "1111111111", None), "gross": "450"},
    "16": {"invoice_type": "Upr", "net": "0", "vat": "0", "gross": "450"},
    "20": {"currency": "EUR", "net": "13560", "vat": "14036.16", "gross": "16678.80"},
    "23": {"currency": "USD", "buyer": Party("Other", "999999999", "EFG Ltd."), "vat": "0"},
    "24": {"has_attachment": True, "gross": "53.63"},
}


METADATA = {
    "invoice_type": "invoiceType",
    "net": "netAmount",
    "vat": "vatAmount",
    "gross": "grossAmount",
    "number": "invoiceNumber",
    "currency": "currency",
    "has_attachment": "hasAttachment",
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no FA(3) examples in {SAMPLES} (KSEF_FA3_SAMPLES)")
@pytest.mark.parametrize("number", sorted(OFFICIAL))
def test_official_examples(number: str) -> None:
    """15.5: the ministry's own documents go through; these are their facts, and their metadata says the same."""
    document = (SAMPLES / f"FA_3_Przyklad_{number}.xml").read_bytes()
    facts = _read(document)
    assert facts.seller == "9999999999"
    with visiting() as visitor:
        preload(visitor, document)
        visitor.log_in("9999999999")
        [metadata] = metadata_page(visitor, filters_for())["invoices"]
    for name, expected in OFFICIAL[number].items():
        found = getattr(facts, name)
        assert found == (Decimal(expected) if isinstance(found, Decimal) else expected), name
        if name in METADATA:
            told = metadata[METADATA[name]]
            assert told == (float(expected) if isinstance(found, Decimal) else expected), name


def test_size_before_parsing() -> None:
    """13.5: a megabyte more is only let in for the sake of an attachment, and then it must be one."""
    large = write_fa(attachment=True).replace(b"<ZWartosc>1<", b"<ZWartosc>" + b" " * 1_500_000 + b"1<")
    assert _read(large).has_attachment
    pretended = write_fa().replace(b"<Naglowek>", b"<!-- Zalacznik" + b" " * 1_500_000 + b"--><Naglowek>", 1)
    assert "1000000" in _reason(pretended, FA_3)
    assert "3000000" in _reason(large + b" " * 1_500_000, FA_3)


def test_hostile_documents() -> None:
    """F43: each is refused with a reason that fits in a message, none takes long, none takes the memory."""
    program = [sys.executable, "-m", "tests.contract.hostile"]
    told = json.loads(subprocess.run(program, cwd=ROOT, capture_output=True, check=True, timeout=120).stdout)
    assert {name: verdict[0] for name, verdict in told["verdicts"].items()} == dict.fromkeys(CORPUS, 430)
    assert max(len(verdict[1]) for verdict in told["verdicts"].values()) <= 501
    # The largest document alone is 60 MB and is held twice while it is made; three million bytes parsed are 100.
    assert told["grown"] < 400
    # Seconds; the slowest takes half of one on an idle machine.
    assert max(verdict[2] for verdict in told["verdicts"].values()) < 20


def _session_of(visitor: Visitor, form: str, **request: Any) -> OpenSession:
    key, iv = os.urandom(32), os.urandom(16)
    value = "FA_RR" if form == "FA_RR (1)" else "FA"
    code = {"systemCode": form, "schemaVersion": VERSIONS[form], "value": value}
    body = {**visitor.opening(key, iv), "formCode": code}
    opened = visitor.ask("POST", "/v2/sessions/online", json=body, **request)
    assert opened.status_code == 201, opened.text
    return OpenSession(opened.json()["referenceNumber"], key, iv)


def test_session_names_the_structure() -> None:
    """4.2: what a session was opened for decides; the same bytes are right in one and wrong in another."""
    documents = {
        "FA (2)": write_fa(form="FA (2)", seller=SELLER),
        "FA (3)": write_fa(number="FV/3"),
        "FA_RR (1)": write_rr(seller=SELLER, buyer=BUYER),
    }
    with visiting() as visitor:
        visitor.log_in()
        for form in documents:
            session = _session_of(visitor, form)
            for other, document in documents.items():
                code = visitor.judged(session, document)["status"]["code"]
                assert code == (200 if other == form else 430), (form, other)


def test_check_digits_where_the_session_asks() -> None:
    """13.4: the internal identifier's digit, too, counts on TEST only with the feature header."""
    document = write_fa(third=(Third(internal_id("6824515772-12344"), 8),))
    with visiting() as visitor:
        visitor.log_in()
        strict = _session_of(visitor, "FA (3)", headers={"X-KSeF-Feature": "subject-identifier-validation"})
        status = visitor.judged(strict, document)["status"]
        assert (status["code"], status["details"]) == (
            450,
            ["Nieprawidłowy identyfikator wewnętrzny: 6824515772-12344."],
        )
        assert visitor.judged(visitor.open_session(), document)["status"]["code"] == 200
