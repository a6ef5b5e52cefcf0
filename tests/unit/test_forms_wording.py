"""Every rule has its Polish sentence, and every country its code in the official schema."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from accounts.domain.errors import RuleBroken
from accounts.domain.identifiers import EU_COUNTRIES
from accounts.forms import wording as access_wording
from invoices.domain.readiness import Obstacle
from invoices.forms import wording
from invoices.forms.countries import COUNTRIES, country_of_prefix, vat_prefix
from invoices.selectors import inbox_wording
from ksef.certificates import Flaw, UnusableFile
from ksef.fa3.schema import schema_path

pytestmark = pytest.mark.unit

ROOT: Final = Path(__file__).resolve().parents[2]
XSD: Final = "{http://www.w3.org/2001/XMLSchema}"


def codes_in_source(app: str) -> set[str]:
    """The first argument of each RuleBroken(...) and Obstacle(...) in an app."""
    calls = [
        node
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"RuleBroken", "Obstacle"}
    ]
    return {node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)}  # type: ignore[misc]  # codes are text


def test_each_code_is_worded_and_no_other() -> None:
    assert set(wording._TEXTS) | set(inbox_wording._RULES) == codes_in_source("invoices")
    assert set(access_wording.TEXTS) == codes_in_source("accounts") | codes_in_source("roles")


def test_each_flaw_of_an_upload_has_its_own_sentence() -> None:
    """S31: distinct messages, each at a field of the form."""
    said = [access_wording.explain(UnusableFile(flaw)) for flaw in Flaw]
    assert len({problem.text for problem in said}) == len(Flaw)
    assert {problem.field for problem in said} == {"certificate", "key", "password"}


def test_parameters_are_filled_in() -> None:
    obstacle = Obstacle("schema", "", {"path": "/Faktura/Fa/P_2", "message": "za długi"})
    assert wording.say(obstacle) == "Dokument nie zgadza się ze schematem FA(3): /Faktura/Fa/P_2: za długi"


def test_an_unknown_code_is_named() -> None:
    assert "(brand_new)" in wording.say(RuleBroken("brand_new"))


def test_countries_are_those_of_fa3() -> None:
    """An address with a code outside TKodKraju would fail at approval, too late for the person who typed it."""
    tree = etree.parse(schema_path("KodyKrajow_v10-0E.xsd"))
    codes = {node.get("value") for node in tree.iter(f"{XSD}enumeration")}
    assert set(COUNTRIES) - codes == set()
    assert COUNTRIES["PL"] == "Polska"


def test_every_country_of_the_union_can_be_chosen() -> None:
    """Greece writes EL in VAT numbers and GR in addresses; Poland is never an EU buyer."""
    assert {vat_prefix(country) for country in COUNTRIES} - {""} == set(EU_COUNTRIES)
    assert (vat_prefix("GR"), country_of_prefix("EL"), vat_prefix("PL"), vat_prefix("US")) == (
        "EL",
        "GR",
        "",
        "",
    )
