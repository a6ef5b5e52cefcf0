"""An invoice of any structure as people know it: parties, lines, sums, payment; then all the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from invoices.selectors.rendering.attachment import list_attachment
from invoices.selectors.rendering.lines import find_order, list_lines
from invoices.selectors.rendering.model import Fact, Paper, Section
from invoices.selectors.rendering.parties import find_party, list_others
from invoices.selectors.rendering.sections import list_alike, list_parts, list_rest, take_rest
from invoices.selectors.rendering.sums import read_sums
from invoices.selectors.rendering.wording import ANNOTATIONS
from ksef.papers.tree import Kind

if TYPE_CHECKING:
    from invoices.selectors.rendering.reading import Reading
    from ksef.papers.tree import Node

_REASONS: Final = (
    "PrzyczynaKorekty",
    "TypKorekty",
    "OkresFaKorygowanej",
    "NrFaKorygowany",
    "P_15ZK",
    "KursWalutyZK",
)
_ACCOUNTS: Final = ("RachunekBankowy", "RachunekBankowyFaktora", "RachunekBankowy1", "RachunekBankowy2")
_EXEMPTIONS: Final = ("P_19A", "P_19B", "P_19C")
# More of them read better as a table.
_MOST_DESCRIPTIONS: Final = 12


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a structure keeps the facts of the head and the amount due."""

    body: str
    number: str
    issued: str
    supplied: str
    total: str


_OF_INVOICE: Final = _Places("Fa", number="P_2", issued="P_1", supplied="P_6", total="P_15")
_OF_FARMER: Final = _Places("FakturaRR", number="P_4C", issued="P_4B", supplied="P_4A", total="P_12_1")


def lay_out_invoice(reading: Reading) -> Paper:
    root, words = reading.root, reading.words
    places = _OF_FARMER if reading.kind is Kind.FA_RR else _OF_INVOICE
    body = root.child(places.body)
    kind = root.value(f"{places.body}/RodzajFaktury")
    kind_fact = reading.take_fact(body, "RodzajFaktury")
    lines = list_lines(reading, body)
    sums = read_sums(reading, body)
    total = reading.take(body, places.total)
    # The order of these calls is the order in which the parts may take what they know best.
    return Paper(
        words=words,
        title=words.title(kind),
        number=reading.take(body, places.number),
        dates=_dates(reading, body, places),
        seller=find_party(reading, "Podmiot1"),
        buyer=find_party(reading, "Podmiot2"),
        others=list_others(reading, body),
        reasons=_reasons(reading, body),
        is_gross=lines.is_gross,
        has_discounts=lines.has_discounts,
        lines=lines.lines,
        order=find_order(reading, body.child("Zamowienie") if body else None),
        rates=sums.rates,
        net=sums.net,
        vat=sums.vat,
        vat_pln=sums.vat_pln,
        due_label=_due_label(reading, body, kind=kind),
        gross=total,
        # Beside the total, or in the listing where there is none.
        currency=reading.take(body, "KodWaluty") if total else "",
        payment=_payment(reading, body.child("Platnosc") if body else None),
        annotations=_annotations(reading, body.child("Adnotacje") if body else None),
        notes=_notes(reading, body),
        sections=(*_rest_of_body(reading, body), *_rest(reading)),
        fine_print=(*kind_fact, *_fine_print(reading)),
    )


def _dates(reading: Reading, body: Node | None, places: _Places) -> tuple[Fact, ...]:
    facts = [
        fact for name in (places.issued, "P_1M", places.supplied) for fact in reading.take_fact(body, name)
    ]
    begin, end = reading.take(body, "OkresFa/P_6_Od"), reading.take(body, "OkresFa/P_6_Do")
    if begin or end:
        facts.append(Fact(reading.words.label("OkresFa"), f"{begin} – {end}"))
    return tuple(facts)


def _reasons(reading: Reading, body: Node | None) -> tuple[Section, ...]:
    facts = tuple(fact for name in _REASONS for fact in reading.take_fact(body, name))
    grids, parts = list_alike(reading, body.named("DaneFaKorygowanej") if body else ())
    if not (facts or grids or parts):
        return ()
    return (Section(heading=reading.words["correction"], facts=facts, grids=grids, sections=parts),)


def _due_label(reading: Reading, body: Node | None, *, kind: str) -> str:
    words = reading.words
    if kind.startswith("KOR"):
        return words["due_correction"]
    if kind == "ZAL":
        return words["due_advance"]
    return words["due_before"] if body and body.find("Rozliczenie") else words["due"]


def _payment(reading: Reading, payment: Node | None) -> tuple[Fact, ...]:
    if payment is None:
        return ()
    facts = [*reading.take_fact(payment, "FormaPlatnosci"), *_other_form(reading, payment)]
    if reading.peek(payment, "DataZaplaty") and reading.take_flag(payment, "Zaplacono"):
        facts.append(Fact(reading.words.label("Zaplacono"), reading.take(payment, "DataZaplaty")))
    for term in payment.named("TerminPlatnosci"):
        facts.extend(reading.take_fact(term, "Termin"))
    for name in _ACCOUNTS:
        facts.extend(Fact(reading.words.label(name), _account(reading, node)) for node in payment.named(name))
    return tuple(fact for fact in facts if fact.text)


def _other_form(reading: Reading, payment: Node) -> tuple[Fact, ...]:
    if not (reading.peek(payment, "OpisPlatnosci") and reading.take_flag(payment, "PlatnoscInna")):
        return ()
    return (Fact(reading.words.label("PlatnoscInna"), reading.take(payment, "OpisPlatnosci")),)


def _account(reading: Reading, account: Node) -> str:
    texts = (reading.take(account, name) for name in ("NrRB", "NazwaBanku", "SWIFT", "OpisRachunku"))
    return " · ".join(text for text in texts if text)


def _annotations(reading: Reading, annotations: Node | None) -> tuple[str, ...]:
    if annotations is None:
        return ()
    words = reading.words
    margin = annotations.child("PMarzy")
    texts = [
        words.say(phrase)
        for flag, phrase in ANNOTATIONS.items()
        if reading.take_flag(margin if flag.startswith("P_PMarzy") else annotations, flag)
    ]
    exemption = annotations.child("Zwolnienie")
    for name in _EXEMPTIONS:
        if basis := reading.take(exemption, name):
            reading.take_flag(exemption, "P_19")
            texts.append(f"{words['exemption']}: {basis}")
    return tuple(texts)


def _notes(reading: Reading, body: Node | None) -> tuple[str, ...]:
    entries = body.named("DodatkowyOpis") if body else ()
    extra = [_description(reading, entry) for entry in entries] if len(entries) <= _MOST_DESCRIPTIONS else []
    footer = reading.root.child("Stopka")
    below = [
        reading.take(information, "StopkaFaktury")
        for information in (footer.named("Informacje") if footer else ())
    ]
    return tuple(text for text in (*extra, *below) if text)


def _description(reading: Reading, entry: Node) -> str:
    line = reading.take(entry, "NrWiersza")
    key, text = reading.take(entry, "Klucz"), reading.take(entry, "Wartosc")
    place = f" ({reading.words['line']} {line})" if line else ""
    return f"{key}{place}: {text}"


def _rest_of_body(reading: Reading, body: Node | None) -> tuple[Section, ...]:
    if body is None:
        return ()
    return list_parts(reading, body, heading=reading.words["more"])


def _rest(reading: Reading) -> tuple[Section, ...]:
    """The attachment, the registers of the footer, and elements that no structure knows."""
    root = reading.root
    attachment = list_attachment(reading, root.child("Zalacznik"))
    footer = root.child("Stopka")
    registers = list_parts(reading, footer, heading=reading.words.label("Stopka")) if footer else ()
    others = (
        section for node in root.children if node.name != "Naglowek" for section in list_rest(reading, node)
    )
    return (*attachment, *registers, *others)


def _fine_print(reading: Reading) -> tuple[Fact, ...]:
    header = take_rest(reading, reading.root.child("Naglowek"))
    return (*header, *reading.fine_print)
