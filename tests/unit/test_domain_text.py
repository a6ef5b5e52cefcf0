"""Characters that would make KSeF refuse a whole document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from accounts.domain.text import code_point, collapse_spaces, find_forbidden_character

pytestmark = pytest.mark.unit

REFUSED = [
    0x00,
    0x08,
    0x0B,
    0x1F,
    0x7F,
    0x84,
    0x86,
    0x9F,
    0xD800,
    0xFDD0,
    0xFDEF,
    0xFFFE,
    0xFFFF,
    0x1FFFE,
    0x10FFFF,
]
TAKEN = [0x09, 0x0A, 0x0D, 0x20, 0x7E, 0x85, 0xA0, 0x105, 0xFDCF, 0xFDF0, 0xFFFD, 0x10000, 0x1FFFD, 0x1F600]


@pytest.mark.parametrize("code", REFUSED)
def test_refused_character_is_found(code: int) -> None:
    """ksef-protocol 13.1, both ends of every range."""
    assert find_forbidden_character(f"Zażółć {chr(code)} gęślą") == chr(code)


@pytest.mark.parametrize("code", TAKEN)
def test_taken_character_passes(code: int) -> None:
    """U+0085 is not on the list, nor is anything a person types."""
    assert find_forbidden_character(f"Zażółć {chr(code)} gęślą") is None


@given(st.characters(exclude_categories=["Cs"]))
def test_what_passes_can_stand_in_xml(character: str) -> None:
    """Whatever is not refused must be legal XML 1.0."""
    if find_forbidden_character(character) is None:
        element = etree.Element("a")
        element.text = character
        assert etree.fromstring(etree.tostring(element)).text == character


def test_invisible_character_gets_a_name() -> None:
    assert code_point("\ufffe") == "U+FFFE"
    assert code_point("\x07") == "U+0007"


def test_white_space_collapses_as_in_xsd_token() -> None:
    assert collapse_spaces("  Firma\t\n  Żółw\u00a0sp. z o.o. ") == "Firma Żółw sp. z o.o."
    assert collapse_spaces(" \n ") == ""
