"""The simulator's identifiers: forms of the contract and check digits (section 2.2)."""

from __future__ import annotations

import pytest

from ksef.simulator.identifiers import has_form, has_valid_digits

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("kind", "value", "right"),
    [
        ("Nip", "5265877635", True),
        ("Nip", "0265877635", False),
        ("Nip", "5005877635", False),
        ("Nip", "526587763٥", False),
        ("Pesel", "15062788702", True),
        ("Pesel", "15132788702", False),
        ("Fingerprint", "CEB3643BAC2C111ADDE971BDA5A80163441867D65389FC0BC0DFF8B4C1CD4E59", True),
        ("Fingerprint", "ceb3643bac2c111adde971bda5a80163441867d65389fc0bc0dff8b4c1cd4e59", False),
        ("Fingerprint", "70A992150F837D5B4D8C8A1C5269CEF62CF500BD", False),
        ("InternalId", "6824515772-12343", True),
        ("InternalId", "6824515772-1234", False),
        ("NipVatUe", "7762811692-DE123456789", True),
        ("NipVatUe", "7762811692-DE123456789012", False),
        ("NipVatUe", "7762811692-PL7762811692", False),
        ("VatUe", "ATU12345678", True),
        ("VatUe", "XIGD123", True),
        ("PeppolId", "PPL000001", True),
        ("PeppolId", "XPL000001", False),
        ("System", "", False),
    ],
)
def test_forms(kind: str, value: str, right: bool) -> None:
    """The patterns of the contract and of AuthTokenRequest; its examples among them."""
    assert has_form(kind, value) is right


@pytest.mark.parametrize(
    ("kind", "value", "anywhere", "in_production"),
    [
        ("InternalId", "6824515772-12343", True, True),
        ("InternalId", "6824515772-12344", False, False),
        ("Nip", "5265877635", True, True),
        ("Nip", "5265877634", True, False),
        ("NipVatUe", "5265877634-DE123456789", True, False),
        ("Pesel", "15062788702", True, True),
    ],
)
def test_check_digits(kind: str, value: str, anywhere: bool, in_production: bool) -> None:
    """A unit's digit is checked everywhere (the digest's example), a NIP's in PRODUCTION only (section 1)."""
    assert has_valid_digits(kind, value, checks_nip=False) is anywhere
    assert has_valid_digits(kind, value, checks_nip=True) is in_production
