"""The three environments of KSeF and the rules in which they differ (section 1)."""

from dataclasses import dataclass
from typing import Final

type Form = tuple[str, str, str]
"""systemCode, schemaVersion and value of a formCode (section 4.2)."""

FA_2: Final[Form] = ("FA (2)", "1-0E", "FA")
FA_3: Final[Form] = ("FA (3)", "1-0E", "FA")
FA_RR: Final[Form] = ("FA_RR (1)", "1-1E", "FA_RR")


@dataclass(frozen=True, slots=True)
class Flavour:
    """`checks_nip`: check digits hold for everybody; elsewhere only where a session asks for them (section 0)."""

    name: str
    issuer: str
    receiver: str
    forms: frozenset[Form]
    takes_self_signed: bool
    checks_nip: bool
    has_test_data: bool


TEST: Final = Flavour(
    name="test",
    issuer="ksef-api-te",
    receiver="Ministerstwo Finansów - środowisko testowe (TE)",
    forms=frozenset({FA_2, FA_3, FA_RR}),
    takes_self_signed=True,
    checks_nip=False,
    has_test_data=True,
)
DEMO: Final = Flavour(
    name="demo",
    issuer="ksef-api-tr",
    receiver="Ministerstwo Finansów - środowisko przedprodukcyjne (TR)",
    forms=frozenset({FA_3, FA_RR}),
    takes_self_signed=False,
    checks_nip=False,
    has_test_data=False,
)
PRODUCTION: Final = Flavour(
    name="production",
    issuer="ksef-api-pr",
    receiver="Ministerstwo Finansów",
    forms=frozenset({FA_3, FA_RR}),
    takes_self_signed=False,
    checks_nip=True,
    has_test_data=False,
)
FLAVOURS: Final = (TEST, DEMO, PRODUCTION)
