"""The structures an invoice may have: their namespaces and where the facts of KSeF stand in them (sections 4.2, 15)."""

from dataclasses import dataclass
from typing import Final

from ksef.fa3.schema import NAMESPACE
from ksef.simulator.flavours import FA_2, FA_3, FA_RR, Form


@dataclass(frozen=True, slots=True)
class Structure:
    """Element names of one form; `vat_in_pln` are used when the invoice is in another currency.

    `types` translates RodzajFaktury to the invoiceType of the API.
    """

    form: Form
    namespace: str
    schema_file: str
    body: str
    issue_date: str
    number: str
    net: tuple[str, ...]
    vat: tuple[str, ...]
    vat_in_pln: tuple[str, ...]
    gross: str
    types: dict[str, str]

    @property
    def name(self) -> str:
        return self.form[0]


_NET: Final = ("1", "2", "3", "4", "5", "6_1", "6_2", "6_3", "7", "8", "9", "10", "11")
_FA_TYPES: Final = {
    "VAT": "Vat",
    "ZAL": "Zal",
    "KOR": "Kor",
    "ROZ": "Roz",
    "UPR": "Upr",
    "KOR_ZAL": "KorZal",
    "KOR_ROZ": "KorRoz",
}


def _fa(form: Form, *, namespace: str, schema_file: str) -> Structure:
    return Structure(
        form=form,
        namespace=namespace,
        schema_file=schema_file,
        body="Fa",
        issue_date="P_1",
        number="P_2",
        net=tuple(f"P_13_{bucket}" for bucket in _NET),
        vat=tuple(f"P_14_{bucket}" for bucket in range(1, 6)),
        # The tax of special procedures (P_14_5) is another country's and has no amount in PLN.
        vat_in_pln=tuple(f"P_14_{bucket}W" for bucket in range(1, 5)),
        gross="P_15",
        types=_FA_TYPES,
    )


_RR: Final = Structure(
    form=FA_RR,
    namespace="http://crd.gov.pl/wzor/2026/03/06/14189/",
    schema_file="schemat_FA_RR(1)_v1-1E.xsd",
    body="FakturaRR",
    issue_date="P_4B",
    number="P_4C",
    net=("P_11_1",),
    vat=("P_11_2",),
    vat_in_pln=("P_11_2W",),
    gross="P_12_1",
    types={"VAT_RR": "VatRr", "KOR_VAT_RR": "KorVatRr"},
)
STRUCTURES: Final = {
    structure.form: structure
    for structure in (
        _fa(
            FA_2,
            namespace="http://crd.gov.pl/wzor/2023/06/29/12648/",
            schema_file="schemat_FA(2)_v1-0E.xsd",
        ),
        _fa(FA_3, namespace=NAMESPACE, schema_file="schemat_FA(3)_v1-0E.xsd"),
        _RR,
    )
}
FORMS: Final = {form[0]: form for form in STRUCTURES}
"""Forms by systemCode, by which they are stored."""
