"""Documents made to deceive or to exhaust the simulator's verifier: wrapped signatures, bombs and foreign files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ksef.simulator.access import xades
from ksef.simulator.errors import Refusal
from tests.contract.ministry import Credential, make_credential
from tests.contract.signed_documents import (
    DOCUMENT,
    DS,
    EXCLUSIVE,
    INNER,
    Recipe,
    compute,
    enveloping,
    reference,
    sign,
    template,
    transform,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

FORGED = '<a:Root xmlns:a="urn:a"><a:B x="1">forged</a:B></a:Root>'
SIGNATURE = f"{{{DS}}}Signature"


@pytest.fixture(scope="module")
def credential() -> Credential:
    return make_credential()


def code_of(document: bytes) -> int:
    with pytest.raises(Refusal) as refused:
        xades.verify(document)
    return refused.value.code


def test_none_and_two_signatures(credential: Credential) -> None:
    """9102 and 9103; one within the other counts, too."""
    assert code_of(INNER.encode()) == 9102
    root = etree.fromstring(sign(credential))
    root.append(etree.fromstring(etree.tostring(root[-1])))
    assert code_of(etree.tostring(root)) == 9103
    within = sign(credential, Recipe(objects="<ds:Object><ds:Signature/></ds:Object>"))
    assert code_of(within) == 9103


def test_detached(credential: Credential) -> None:
    """9105: beside the document in a common root, deeper in it, over something elsewhere."""
    beside = '<w><a:Root xmlns:a="urn:a" Id="Doc"><a:B>ą</a:B></a:Root>{}</w>'
    recipe = Recipe(uri="#Doc", transforms=transform(EXCLUSIVE))
    assert code_of(compute(beside.format(template(credential, recipe)), credential)) == 9105
    deeper = '<a:Root xmlns:a="urn:a"><a:B>{}</a:B></a:Root>'
    assert code_of(sign(credential, document=deeper)) == 9105
    for uri in ("elsewhere.xml", "file:///etc/passwd", "http://ksef.test/x", "#nowhere", "#", "#xpointer(/)"):
        changed = sign(credential).replace(b'URI=""', f'URI="{uri}"'.encode())
        assert code_of(changed) == 9105


def test_signature_of_another_document(credential: Credential) -> None:
    """9105: a signature of the same signer, moved."""
    mine = etree.fromstring(sign(credential))
    other = etree.fromstring(FORGED)
    other.append(mine.find(SIGNATURE))  # type: ignore[arg-type]  # It is there.
    assert code_of(etree.tostring(other)) == 9105


def test_signed_document_wrapped_away(credential: Credential) -> None:
    """9105 (XSW): another document around the signature, the signed one kept where the reference still finds it."""
    signed = DOCUMENT.replace("<a:Root ", '<a:Root Id="Doc" ')
    recipe = Recipe(uri="#Doc", objects="{}")
    document = compute(signed.format(template(credential, recipe)), credential)
    root = etree.fromstring(document)
    signature = root.find(SIGNATURE)
    assert signature is not None
    root.remove(signature)
    forged = etree.fromstring(FORGED)
    forged.append(signature)
    holder = etree.SubElement(signature, f"{{{DS}}}Object")
    holder.append(root)
    assert code_of(etree.tostring(forged)) == 9105
    # And the other way round: the signed one as a child of the forged one.
    forged = etree.fromstring(FORGED)
    forged.append(root)
    forged.append(signature)
    assert code_of(etree.tostring(forged)) == 9105


def test_two_documents_in_one_enveloping_signature(credential: Credential) -> None:
    """(XSW) What comes back is what was signed; where both are signed nobody can say which one counts (9105)."""
    unsigned = f'<ds:Object Id="More">{FORGED}</ds:Object>'
    document = sign(credential, enveloping(INNER, objects=unsigned))
    assert xades.verify(document).root.findtext("{urn:a}B") == "ą"
    swapped = document.replace(b'Id="Doc"', b'Id="Tmp"').replace(b'Id="More"', b'Id="Doc"')
    assert code_of(swapped) == 9105
    same = document.replace(b'Id="More"', b'Id="Doc"')
    assert code_of(same) == 9105
    both = enveloping(INNER, objects=unsigned, references=reference("#More", transform(EXCLUSIVE)))
    assert code_of(sign(credential, both)) == 9105


@pytest.mark.parametrize("attribute", ["Id", "ID", "id"])
def test_ambiguous_names(credential: Credential, attribute: str) -> None:
    """9105: a second element of the same name, however the attribute is spelt."""
    document = sign(credential).decode()
    assert code_of(document.replace('<a:B x="1">', f'<a:B {attribute}="Props">').encode()) == 9105


def test_second_properties(credential: Credential) -> None:
    """9105: properties that nobody signed, before or behind the signed ones."""
    root = etree.fromstring(sign(credential))
    held = root.find(f".//{{{DS}}}Object")
    assert held is not None
    copy = etree.fromstring(etree.tostring(held, with_tail=False).replace(b'Id="Props"', b'Id="Others"'))
    held.addnext(copy)
    assert code_of(etree.tostring(root)) == 9105
    held.addprevious(copy)
    assert code_of(etree.tostring(root)) == 9105


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", 21001),
        (b"no xml", 21001),
        (b"<a><b></a>", 21001),
        (b"<a>&undeclared;</a>", 21001),
        (b"<a/><b/>", 21001),
        (b"<a>" * 100_000, 9101),
        (b"<a>" * 5_000 + b"</a>" * 5_000, 21001),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>', 9101),
        (b"<!-- <!DOCTYPE a> --><a/>", 9101),
        (b"<?xml version='1.0' encoding='ISO-8859-2'?><a/>", 21217),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-16'?><a/>", 21217),
        ("<a>ą</a>".encode("iso-8859-2"), 21217),
        ("<!DOCTYPE a><a/>".encode("utf-16"), 21217),
        ("<!DOCTYPE a><a/>".encode("utf-16-le"), 21217),
        ("<a/>".encode("utf-32-be"), 21217),
        (b"<?x y?><a/>", 9101),
        (b"<a><?x y?></a>", 9101),
        (b"<a/><?x y?>", 9101),
        (b'<a xml:base="http://ksef.test/"/>', 21401),
        (b'<a><b xml:id="x"/></a>', 21401),
        (b"<a>" + b" " * 1_000_000 + b"</a>", 9101),
        (b"<a>" + b"<b/>" * 10_000 + b"</a>", 9101),
        (b"<a " + b" ".join(b'xmlns:n%d="u"' % number for number in range(51)) + b"/>", 9101),
    ],
)
def test_refused_before_a_signature_is_looked_for(document: bytes, code: int) -> None:
    """2.2 and V41: unreadable, too big, too deep, another encoding, DOCTYPE, instructions, inherited attributes."""
    assert code_of(document) == code


def test_entities_and_files_stay_outside(tmp_path: Path) -> None:
    """V41: neither billion laughs nor an external entity gets as far as a parser."""
    laughs = ['<!ENTITY a0 "ha">']
    laughs += [f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 10)]
    assert code_of(f"<!DOCTYPE a [{''.join(laughs)}]><a>&a9;</a>".encode()) == 9101
    secret = tmp_path / "secret"
    secret.write_text("secret")
    assert code_of(f'<!DOCTYPE a [<!ENTITY b SYSTEM "{secret.as_uri()}">]><a>&b;</a>'.encode()) == 9101


def test_largest_document_takes_no_time(credential: Credential) -> None:
    """V41: what passes the gates and is made to be slow costs less than a second of this processor."""
    names = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(40))
    held = f"<ds:Object Id='Much' {names}>" + "<b/>" * 9_000 + "</ds:Object>"
    inclusive = transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    recipe = Recipe(objects=held, references=reference("#Much", inclusive) * 4)
    document = sign(credential, recipe)
    started = time.process_time()
    xades.verify(document)
    assert time.process_time() - started < 1
