"""The Ministry's own example invoices, read and written; they stay outside this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from ksef.fa3.check import check
from ksef.fa3.reader import read
from ksef.fa3.schema import NAMESPACE
from ksef.fa3.validate import validate
from ksef.fa3.writer import write

pytestmark = pytest.mark.contract

FOLDER = Path(
    os.environ.get("KSEF_FA3_SAMPLES", Path(__file__).parents[3] / "shared" / "ksef" / "fa3-samples")
)
SAMPLES = sorted(FOLDER.glob("*.xml"))


def _texts(xml: bytes) -> dict[str, list[str]]:
    """All texts by element name, whatever their order between names."""
    found: dict[str, list[str]] = {}
    for element in etree.fromstring(xml).iter(f"{{{NAMESPACE}}}*"):
        if len(element) == 0:
            found.setdefault(etree.QName(element).localname, []).append((element.text or "").strip())
    return found


if SAMPLES:
    each_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
else:
    each_sample = pytest.mark.parametrize(
        "path",
        [
            pytest.param(
                FOLDER, marks=pytest.mark.skip(reason=f"no FA(3) examples in {FOLDER} (KSEF_FA3_SAMPLES)")
            )
        ],
    )


@each_sample
def test_official_example_is_accepted(path: Path) -> None:
    xml = path.read_bytes()
    assert validate(xml) == ()
    assert check(xml) == ()


@each_sample
def test_official_example_is_read_and_written_stably(path: Path) -> None:
    """Read, write, read: what is covered survives; all kinds of invoice are readable."""
    document = read(path.read_bytes())
    again = write(document)
    assert read(again) == document
    assert write(read(again)) == again


@each_sample
def test_money_and_names_survive(path: Path) -> None:
    """The fields an accountant looks at first come out as they went in, canonical zeros aside."""
    original, written = _texts(path.read_bytes()), _texts(write(read(path.read_bytes())))
    for name in ("P_1", "P_2", "P_7", "P_12", "RodzajFaktury", "KodWaluty"):
        assert written.get(name) == original.get(name), name
    for name in ("P_13_1", "P_14_1", "P_13_2", "P_14_2", "P_13_7", "P_15", "P_8B", "P_9A", "P_11"):
        assert list(map(float, written.get(name, []))) == list(map(float, original.get(name, []))), name


def test_ordinary_example_loses_only_what_is_not_covered() -> None:
    """Example 01 holds one block outside the basic invoice: the terms of the transaction, and the registers."""
    path = FOLDER / "FA_3_Przyklad_01.xml"
    if not path.exists():
        pytest.skip(f"no {path} (KSEF_FA3_SAMPLES)")
    original, written = _texts(path.read_bytes()), _texts(write(read(path.read_bytes())))
    assert original.keys() - written.keys() == {"DataZamowienia", "NrZamowienia", "KRS", "REGON", "BDO"}
    assert validate(write(read(path.read_bytes()))) == ()
