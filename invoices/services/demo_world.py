"""The invented world of the demo: two companies, their buyers and what they sell. Every name and number is fictitious.

The NIPs have right check digits but begin with 999, which no tax office gives out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accounts.services.companies import CompanyDetails
from invoices.domain.snapshot import BuyerKind
from invoices.domain.vat import PriceMethod, VatRate
from invoices.services.contractors import ContractorDetails

# Shown by the demo on purpose: it opens invented data only.
PASSWORD: Final = "pokaz-kwitu-2026"  # noqa: S105 -- not a secret, the demo prints it
# Of the demo owner's certificate: what renews her access to the simulated KSeF.
CERTIFICATE_PASSWORD: Final = "Zielony-Parasol-2026!"  # noqa: S105 -- not a secret, the demo prints it

PLUMBER: Final = CompanyDetails(
    name="Instalacje Nowak Alicja Nowak",
    nip="9995260180",
    address_line1="ul. Wierzbowa 14",
    address_line2="61-123 Poznań",
    bank_account="23999000050000000012345678",
)
PHOTOGRAPHER: Final = CompanyDetails(
    name="Pracownia Fotografii Zofia Lis",
    nip="9991590839",
    address_line1="ul. Krótka 3/7",
    address_line2="50-210 Wrocław",
    bank_account="62999000050000000087654321",
)


@dataclass(frozen=True, slots=True)
class Work:
    """Something sold: its price lies between the two, in the method's own terms."""

    name: str
    unit: str
    least: int
    most: int
    rate: VatRate = VatRate.R23
    most_units: int = 1


@dataclass(frozen=True, slots=True)
class Customer:
    """A buyer and what such a buyer orders; the weight says how often."""

    details: ContractorDetails
    works: tuple[Work, ...]
    weight: int = 1
    method: PriceMethod = PriceMethod.NET
    exemption: str = ""
    days_to_pay: int = 14


def _buyer(  # noqa: PLR0913 -- the columns of a table
    name: str,
    tax_id: str,
    line1: str,
    line2: str,
    *,
    kind: BuyerKind = BuyerKind.DOMESTIC,
    country: str = "PL",
    email: str = "",
) -> ContractorDetails:
    return ContractorDetails(
        kind=kind,
        name=name,
        tax_id=tax_id,
        tax_country=country if kind in {BuyerKind.EU, BuyerKind.FOREIGN} else "",
        country=country,
        address_line1=line1,
        address_line2=line2,
        email=email,
    )


_FOR_FIRMS: Final = (
    Work("Wymiana pompy obiegowej", "szt.", 640, 1480),
    Work("Przegląd kotłowni gazowej", "usł.", 380, 620),
    Work("Montaż instalacji wodno-kanalizacyjnej", "usł.", 3200, 11800),
    Work("Roboczogodzina montera", "godz.", 95, 130, most_units=24),
    Work("Rura PEX-AL-PEX 16 mm", "m", 6, 9, most_units=180),
    Work("Zawór kulowy DN20", "szt.", 28, 46, most_units=18),
    Work("Dojazd serwisowy", "km", 2, 3, most_units=120),
)
_FOR_HOMES: Final = (
    Work("Montaż kotła kondensacyjnego w domu jednorodzinnym", "usł.", 1900, 4200, VatRate.R8),
    Work("Wymiana baterii umywalkowej", "szt.", 180, 320, VatRate.R8),
    Work("Usunięcie nieszczelności instalacji", "usł.", 240, 780, VatRate.R8),
    Work("Montaż ogrzewania podłogowego", "m²", 120, 165, VatRate.R8, most_units=85),
    Work("Płukanie instalacji grzewczej", "usł.", 420, 900, VatRate.R8),
)
_FOR_ESTATES: Final = (
    Work("Konserwacja węzła cieplnego", "mies.", 850, 850, VatRate.R8),
    Work("Wymiana pionu wodnego", "szt.", 2100, 3900, VatRate.R8, most_units=3),
    Work("Odczyt wodomierzy", "szt.", 9, 9, VatRate.R23, most_units=64),
)
_ADVICE: Final = (
    Work("Doradztwo techniczne: dobór pomp ciepła", "godz.", 210, 260, VatRate.OUTSIDE_EU_SERVICE, 16),
)
_ADVICE_ABROAD: Final = (Work("Projekt koncepcyjny instalacji", "usł.", 2400, 5200, VatRate.OUTSIDE),)
_FLAT: Final = (Work("Najem lokalu na cele mieszkaniowe", "mies.", 1850, 1850, VatRate.EXEMPT),)

CUSTOMERS_OF_PLUMBER: Final = (
    Customer(
        _buyer(
            "Deweloper Nad Wartą sp. z o.o.",
            "9990166134",
            "ul. Nadbrzeżna 8",
            "61-501 Poznań",
            email="faktury@nadwarta.example",
        ),
        _FOR_FIRMS,
        weight=5,
        days_to_pay=30,
    ),
    Customer(
        _buyer("Wspólnota Mieszkaniowa Lipowa 7", "9991860919", "ul. Lipowa 7", "60-321 Poznań"),
        _FOR_ESTATES,
        weight=4,
    ),
    Customer(
        _buyer("Hotel Pod Kasztanem sp. z o.o.", "9993909966", "pl. Kasztanowy 1", "62-020 Swarzędz"),
        _FOR_FIRMS,
        weight=3,
    ),
    Customer(
        _buyer("Piekarnia Bochenek s.c.", "9990308249", "ul. Młyńska 22", "61-730 Poznań"),
        _FOR_FIRMS,
        weight=2,
    ),
    Customer(
        _buyer("Biuro Projektów Pion Tomasz Wrona", "9996281942", "ul. Kreślarska 5/2", "60-185 Poznań"),
        _FOR_FIRMS,
        weight=2,
    ),
    Customer(
        _buyer("Szkoła Językowa Papuga sp. z o.o.", "9998219930", "ul. Ptasia 11", "60-319 Poznań"),
        _FOR_FIRMS,
    ),
    Customer(
        _buyer("Jan Brzoza", "", "ul. Polna 31", "62-030 Luboń", kind=BuyerKind.CONSUMER),
        _FOR_HOMES,
        weight=4,
        method=PriceMethod.GROSS,
        days_to_pay=7,
    ),
    Customer(
        _buyer("Maria Sosna", "", "os. Zielone 4/16", "61-604 Poznań", kind=BuyerKind.CONSUMER),
        _FOR_HOMES,
        weight=4,
        method=PriceMethod.GROSS,
        days_to_pay=7,
    ),
    Customer(
        _buyer("Piotr Klon", "", "ul. Rzemieślnicza 2", "61-131 Poznań", kind=BuyerKind.CONSUMER),
        _FLAT,
        exemption="art. 43 ust. 1 pkt 36 ustawy o VAT",
        days_to_pay=7,
    ),
    Customer(
        _buyer(
            "Haustechnik Muster GmbH",
            "999000017",
            "Musterweg 9",
            "10115 Berlin",
            kind=BuyerKind.EU,
            country="DE",
        ),
        _ADVICE,
        days_to_pay=30,
    ),
    Customer(
        _buyer(
            "Alpenbau Beispiel AG",
            "CHE-999.000.017",
            "Beispielstrasse 4",
            "8001 Zürich",
            kind=BuyerKind.FOREIGN,
            country="CH",
        ),
        _ADVICE_ABROAD,
        days_to_pay=30,
    ),
)

_SESSIONS: Final = (
    Work("Sesja portretowa w studiu", "usł.", 450, 900),
    Work("Reportaż z uroczystości", "godz.", 300, 380, most_units=8),
    Work("Obróbka zdjęcia", "szt.", 25, 40, most_units=40),
    Work("Album fotograficzny z numerem ISBN", "szt.", 90, 160, VatRate.R5, 12),
)
_ADVERTISING: Final = (
    Work("Zdjęcia produktowe do sklepu internetowego", "szt.", 35, 60, most_units=60),
    Work("Licencja na zdjęcia, 12 miesięcy", "usł.", 1200, 2600),
)

CUSTOMERS_OF_PHOTOGRAPHER: Final = (
    Customer(
        _buyer("Ceramika Bolko sp. z o.o.", "9995181902", "ul. Gliniana 6", "59-700 Bolesławiec"),
        _ADVERTISING,
        weight=3,
    ),
    Customer(
        _buyer("Wydawnictwo Szpalta sp. z o.o.", "9999378659", "ul. Drukarska 19", "53-312 Wrocław"),
        _SESSIONS,
        weight=2,
    ),
    Customer(
        _buyer("Anna Jarzębina", "", "ul. Cicha 8", "51-130 Wrocław", kind=BuyerKind.CONSUMER),
        _SESSIONS,
        weight=2,
        method=PriceMethod.GROSS,
        days_to_pay=7,
    ),
)

# How many invoices a month brings: the heating season is the plumber's, the wedding season the photographer's.
MONTHS_OF_PLUMBER: Final = (12, 10, 9, 9, 8, 7, 6, 7, 11, 13, 13, 11)
MONTHS_OF_PHOTOGRAPHER: Final = (1, 1, 1, 2, 3, 4, 3, 3, 2, 1, 2, 2)


@dataclass(frozen=True, slots=True)
class Supplier:
    """Somebody who invoices the plumber from another program: so many days ago, for these sums."""

    nip: str
    name: str
    number: str
    days_ago: int
    net: str
    vat: str


# The NIPs begin with 999 as all of them do. What came before this month is there for who asks for it by date.
SUPPLIERS_OF_PLUMBER: Final = (
    Supplier("9990308249", "Piekarnia Bochenek s.c.", "F/118", 0, "86.40", "6.91"),
    Supplier("9996281942", "Biuro Projektów Pion Tomasz Wrona", "BP/41", 0, "1450.00", "333.50"),
    Supplier("9993909966", "Hotel Pod Kasztanem sp. z o.o.", "FV/2207", 0, "312.04", "24.96"),
    Supplier("9998219930", "Szkoła Językowa Papuga sp. z o.o.", "P/77", 1, "640.00", "147.20"),
    Supplier("9990166134", "Deweloper Nad Wartą sp. z o.o.", "NW/519", 3, "2180.00", "501.40"),
    Supplier("9990308249", "Piekarnia Bochenek s.c.", "F/102", 9, "74.10", "5.93"),
    Supplier("9996281942", "Biuro Projektów Pion Tomasz Wrona", "BP/38", 16, "980.00", "225.40"),
    Supplier("9990166134", "Deweloper Nad Wartą sp. z o.o.", "NW/466", 34, "2180.00", "501.40"),
)
