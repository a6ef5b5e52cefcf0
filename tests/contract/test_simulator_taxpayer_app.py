"""The stand-in for the ministry's application: certificates and tokens for people who use no program (section 3)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from ksef.simulator.environments import create_environments
from ksef.simulator.flavours import DEMO, PRODUCTION, TEST, Flavour
from tests.contract.enrolling import PATH, Asking, grant, issue_pair
from tests.contract.ministry import SELLER, Credential, Visitor, make_invoice, visiting
from tests.contract.pages import code_two, read_page, rows_of, section_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.html import HtmlElement

pytestmark = pytest.mark.contract

PESEL = "80010112345"
PASSWORD = "Bardzo-Tajne-Haslo1"
WISH = {
    "nip": SELLER,
    "holder": "Próba & Syn sp. z o.o.",
    "name": "Biuro rachunkowe",
    "type": "Authentication",
    "key": "ec",
    "password": PASSWORD,
}
TOKEN = {"token_nip": SELLER, "description": "Token biura", "permissions": ["InvoiceRead", "InvoiceWrite"]}


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def downloads(page: HtmlElement) -> dict[str, bytes]:
    """The files behind the links, by the names they are saved under."""
    found = {}
    for link in page.findall(".//a[@download]"):
        head, _, content = str(link.get("href")).partition(",")
        assert head == "data:application/x-pem-file;base64"
        found[str(link.get("download"))] = base64.b64decode(content, validate=True)
    return found


def get_pair(visitor: Visitor, **changes: str) -> Credential:
    """Fill in the form and take both files, as the ministry names and writes them."""
    page = read_page(visitor.http.post("/web/certificates", data={**WISH, **changes}))
    files = downloads(page)
    name = changes.get("name", WISH["name"])
    assert list(files) == [f"{name}.crt", f"{name}.key"]
    assert files[f"{name}.crt"].startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert files[f"{name}.key"].startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    key = load_pem_private_key(files[f"{name}.key"], changes.get("password", PASSWORD).encode())
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    certificate = x509.load_pem_x509_certificate(files[f"{name}.crt"])
    assert certificate.public_key() == key.public_key()
    assert f"{certificate.serial_number:016X}" in text_of(page)
    return Credential(certificate, key)


def refused(visitor: Visitor, **changes: str) -> str:
    """What the page says is wrong; the form keeps what was filled in, but never the password."""
    page = read_page(visitor.http.post("/web/certificates", data={**WISH, **changes}), status=422)
    assert PASSWORD not in text_of(page)
    assert [node.get("value") for node in page.findall(".//input[@type='password']")] == [None]
    assert "Nie wydano jeszcze żadnego certyfikatu" in section_of(page, "Certyfikaty")
    (alert,) = page.findall(".//*[@role='alert']")
    return text_of(alert)


@pytest.mark.parametrize("flavour", [TEST, DEMO, PRODUCTION], ids=lambda flavour: flavour.name)
@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_pair_logs_in_everywhere(flavour: Flavour, key: str) -> None:
    """1 and 3: the way in where self-signed certificates are refused."""
    with visiting(flavour) as visitor:
        credential = get_pair(visitor, key=key)
        assert isinstance(credential.key, rsa.RSAPrivateKey) == (key == "rsa")
        names = {item.oid: item.value for item in credential.certificate.subject}
        assert names == {
            NameOID.COMMON_NAME: WISH["holder"],
            NameOID.COUNTRY_NAME: "PL",
            NameOID.ORGANIZATION_NAME: WISH["holder"],
            NameOID.ORGANIZATION_IDENTIFIER: f"VATPL-{SELLER}",
        }
        visitor.redeem(visitor.begin_login(credential))
        assert Asking(visitor).query()["certificates"][0]["name"] == WISH["name"]


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_offline_pair_signs_links_and_logs_nobody_in(visitor: Visitor, key: str) -> None:
    """3 and 9."""
    credential = get_pair(visitor, type="Offline", key=key)
    assert visitor.login_status(visitor.begin_login(credential))["code"] == 460
    serial = f"{credential.certificate.serial_number:016X}"
    page = read_page(visitor.http.get(code_two(make_invoice(), serial, credential.key)))
    assert page.findtext(".//h1") == "Wystawca faktury jest potwierdzony"


def test_key_needs_its_password(visitor: Visitor) -> None:
    """3: PKCS#8 under the passphrase that was chosen, and under no other."""
    page = read_page(visitor.http.post("/web/certificates", data=WISH))
    content = downloads(page)["Biuro rachunkowe.key"]
    for wrong in (None, b"Bardzo-Tajne-Haslo2"):
        with pytest.raises((ValueError, TypeError)):
            load_pem_private_key(content, wrong)


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("Aa1!Aa1!Aa1!Aa", "od 15 do 32"),
        ("Aa1!" * 8 + "A", "od 15 do 32"),
        ("aa1!aa1!aa1!aa1!", "wielkiej litery"),
        ("AA1!AA1!AA1!AA1!", "małej litery"),
        ("Aaa!Aaa!Aaa!Aaa!", "cyfry"),
        ("Aa11Aa11Aa11Aa11", "znaku specjalnego"),
        ("Aa1! Aa1! Aa1! Aa1!", "bez spacji"),
        ("Aa1!Aa1!Aa1!Aa1ł", "polskich liter"),
        ("", "od 15 do 32"),
    ],
)
def test_passwords_the_ministry_refuses(visitor: Visitor, password: str, told: str) -> None:
    """3: 15 to 32 characters of all four kinds."""
    assert told in refused(visitor, password=password)


@pytest.mark.parametrize("password", ["Aa1!Aa1!Aa1!Aa1", "Aa1!" * 8])
def test_shortest_and_longest_password(visitor: Visitor, password: str) -> None:
    """3: both ends are allowed."""
    get_pair(visitor, password=password)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"nip": "12"}, "NIP: wymagane jest 10 cyfr"),
        ({"nip": ""}, "NIP: wymagane jest 10 cyfr"),
        ({"holder": ""}, "Nazwa firmy albo imię i nazwisko"),
        ({"holder": "x" * 61}, "Nazwa firmy albo imię i nazwisko"),
        ({"name": "abc"}, "Nazwa certyfikatu"),
        ({"name": "../../etc/x"}, "Nazwa certyfikatu"),
        ({"type": "Seal"}, "Wybierz rodzaj"),
        ({"key": "dsa"}, "Wybierz rodzaj"),
        ({"pesel": "123"}, "PESEL: wymagane jest 11 cyfr"),
        ({"pesel": PESEL, "holder": "Jednoczłonowa"}, "podaj imię i nazwisko"),
        ({"pesel": PESEL, "holder": "Jan Próbny"}, "nie ma żadnych uprawnień w tym kontekście"),
    ],
)
def test_wishes_that_are_refused(visitor: Visitor, changes: dict[str, str], told: str) -> None:
    """3: said in a sentence, beside the form as it was filled in."""
    assert told in refused(visitor, **changes)


def test_filled_in_fields_stay(visitor: Visitor) -> None:
    """V26: and are text, whatever they hold."""
    nasty = '"><b>x</b>'
    page = read_page(
        visitor.http.post("/web/certificates", data={**WISH, "name": nasty, "type": "Offline"}), status=422
    )
    values = {str(node.get("name")): node.get("value") for node in page.findall(".//input[@type='text']")}
    assert (values["name"], values["holder"]) == (nasty, WISH["holder"])
    (chosen,) = page.findall(".//input[@name='type'][@checked]")
    assert chosen.get("value") == "Offline"


def test_forms_that_are_none(visitor: Visitor) -> None:
    """V30: nothing, nonsense and too much are refused like empty forms."""
    many = "&".join(f"a{number}=1" for number in range(100))
    for body in (b"", b"\xff\xfe", b"%ff%fe=%zz", many.encode()):
        for path in ("/web/certificates", "/web/tokens"):
            assert visitor.http.post(path, content=body).status_code == 422


def test_wrong_check_digit_in_production() -> None:
    """1: the check digit of a NIP counts there."""
    with visiting(PRODUCTION) as visitor:
        assert "NIP: wymagane jest 10 cyfr" in refused(visitor, nip="5265877636")
    with visiting(TEST) as visitor:
        get_pair(visitor, nip="5265877636")


def test_person_with_rights_gets_a_certificate_of_her_own(visitor: Visitor) -> None:
    """3: of the PESEL; she logs in where she may, and nowhere else."""
    grant(visitor, "InvoiceRead", kind="Pesel", value=PESEL)
    credential = get_pair(visitor, pesel=PESEL, holder="Anna Maria Próbna")
    names = {item.oid: item.value for item in credential.certificate.subject}
    assert names[NameOID.SERIAL_NUMBER] == f"PNOPL-{PESEL}"
    assert (names[NameOID.GIVEN_NAME], names[NameOID.SURNAME]) == ("Anna Maria", "Próbna")
    assert visitor.login_status(visitor.begin_login(credential))["code"] == 200
    assert visitor.login_status(visitor.begin_login(credential, nip="1234563218"))["code"] == 415


def test_limits_hold_here_too(visitor: Visitor) -> None:
    """3: a person's six certificates; each is a request that counts."""
    grant(visitor, "InvoiceRead", kind="Pesel", value=PESEL)
    credentials = [get_pair(visitor, pesel=PESEL, holder="Jan Próbny") for _ in range(6)]
    page = read_page(
        visitor.http.post("/web/certificates", data={**WISH, "pesel": PESEL, "holder": "Jan Próbny"}),
        status=422,
    )
    assert "limit dopuszczalnej liczby" in text_of(page)
    visitor.redeem(visitor.begin_login(credentials[0]))
    limits = visitor.get(f"{PATH}/limits")
    assert (limits["enrollment"]["remaining"], limits["certificate"]["remaining"]) == (6, 0)
    for item in Asking(visitor).query()["certificates"]:
        visitor.http.post(f"/web/certificates/{item['certificateSerialNumber']}/revoke")
    for _ in range(6):
        get_pair(visitor, pesel=PESEL, holder="Jan Próbny")
        newest = Asking(visitor).query()["certificates"][0]["certificateSerialNumber"]
        visitor.http.post(f"/web/certificates/{newest}/revoke")
    page = read_page(
        visitor.http.post("/web/certificates", data={**WISH, "pesel": PESEL, "holder": "Jan Próbny"}),
        status=422,
    )
    assert "limit możliwych do złożenia wniosków" in text_of(page)


def test_list_of_certificates_and_revoking(visitor: Visitor) -> None:
    """3: also those that programs asked for; a button for each that is active."""
    first = get_pair(visitor)
    serial, _ = issue_pair(visitor, nip=SELLER, type="Offline", name="Z programu")
    page = read_page(visitor.http.get("/web/"))
    rows = rows_of(page, "Certyfikaty")
    assert [(row[1], row[3], row[5]) for row in rows] == [
        ("Z programu", "Offline", "aktywny"),
        (WISH["name"], "Uwierzytelniający", "aktywny"),
    ]
    forms = [node for node in page.findall(".//form") if str(node.get("action")).endswith("/revoke")]
    assert [node.get("method") for node in forms] == ["post", "post"]
    mine = f"{first.certificate.serial_number:016X}"
    answer = visitor.http.post(f"/web/certificates/{mine}/revoke")
    assert (answer.status_code, answer.headers["location"]) == (303, "http://ksef.test/web/#certyfikaty")
    assert visitor.login_status(visitor.begin_login(first))["details"] == ["Certyfikat zawieszony"]
    visitor.clock.advance(seconds=1)
    page = read_page(visitor.http.get("/web/"))
    assert [row[5] for row in rows_of(page, "Certyfikaty")] == ["aktywny", "unieważniony"]
    assert [row[6] for row in rows_of(page, "Certyfikaty")] == ["Unieważnij", ""]
    assert visitor.http.post(f"/web/certificates/{mine}/revoke").status_code == 303
    assert visitor.http.post("/web/certificates/0123456789ABCDEF/revoke").status_code == 404
    assert visitor.http.get(f"/web/certificates/{serial}/revoke").status_code == 405


def test_token_is_shown_once_and_logs_in(visitor: Visitor) -> None:
    """2.7: with the permissions that were ticked, and listed without its secret."""
    page = read_page(visitor.http.post("/web/tokens", data=TOKEN))
    (shown,) = page.findall(".//*[@id='token']")
    token = str(shown.text)
    assert re.fullmatch(rf"[0-9A-Z-]{{36}}\|nip-{SELLER}\|[0-9a-f]{{64}}", token)
    visitor.redeem(visitor.begin_token_login(token))
    (item,) = visitor.get("/v2/tokens")["tokens"]
    assert (item["description"], item["requestedPermissions"]) == (
        "Token biura",
        ["InvoiceRead", "InvoiceWrite"],
    )
    listing = visitor.http.get("/web/")
    assert token.rpartition("|")[2] not in listing.text
    (row,) = rows_of(read_page(listing), "Tokeny")
    assert row == [
        item["referenceNumber"],
        f"NIP {SELLER}",
        "Token biura",
        "przeglądanie faktur, wystawianie faktur",
        "aktywny",
        "Unieważnij",
    ]
    answer = visitor.http.post(f"/web/tokens/{item['referenceNumber']}/revoke")
    assert (answer.status_code, answer.headers["location"]) == (303, "http://ksef.test/web/#tokeny")
    assert visitor.login_status(visitor.begin_token_login(token))["details"] == ["Token unieważniony"]
    assert rows_of(read_page(visitor.http.get("/web/")), "Tokeny")[0][4:] == ["unieważniony", ""]
    assert visitor.http.post("/web/tokens/unknown/revoke").status_code == 404


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"token_nip": "1"}, "NIP: wymagane jest 10 cyfr"),
        ({"description": "abc"}, "od 5 do 256 znaków"),
        ({"description": "a" * 257}, "od 5 do 256 znaków"),
        ({"permissions": []}, "co najmniej jedno uprawnienie"),
        ({"permissions": ["Owner"]}, "co najmniej jedno uprawnienie"),
    ],
)
def test_tokens_that_are_refused(visitor: Visitor, changes: dict[str, object], told: str) -> None:
    """2.7."""
    page = read_page(visitor.http.post("/web/tokens", data={**TOKEN, **changes}), status=422)
    assert told in section_of(page, "Generuj token")
    assert "Nie wydano jeszcze żadnego tokena" in section_of(page, "Tokeny")


def test_foreign_pages_post_nothing_here(visitor: Visitor) -> None:
    """V23: a form on another site changes nothing; one of ours does."""
    get_pair(visitor)
    serial = rows_of(read_page(visitor.http.get("/web/")), "Certyfikaty")[0][0]
    foreign, own = {"Origin": "http://evil.test"}, {"Origin": "http://ksef.test"}
    for path, data in (
        ("/web/certificates", WISH),
        ("/web/tokens", TOKEN),
        (f"/web/certificates/{serial}/revoke", {}),
    ):
        assert visitor.http.post(path, data=data, headers=foreign).status_code == 403
        assert visitor.http.post(path, data=data, headers={"Origin": "null"}).status_code == 403
    page = read_page(visitor.http.get("/web/"))
    assert [row[5] for row in rows_of(page, "Certyfikaty")] == ["aktywny"]
    assert visitor.http.post(f"/web/certificates/{serial}/revoke", headers=own).status_code == 303


def test_fields_have_labels_and_the_old_address_leads_on(visitor: Visitor) -> None:
    """Every field says what it is for; /web without its slash is the same place."""
    page = read_page(visitor.http.get("/web", follow_redirects=True))
    for field in page.findall(".//input"):
        if field.get("type") in {"text", "password"}:
            (label,) = page.findall(f".//label[@for='{field.get('id')}']")
            assert text_of(label)
        else:
            label = field.getparent()
            assert label is not None
            assert label.tag == "label"


def test_key_is_kept_nowhere(tmp_path: Path) -> None:
    """V32: neither the key nor its password is in the data folder afterwards."""
    with create_environments(data=tmp_path) as app:
        transport = httpx.WSGITransport(app=app)
        with httpx.Client(transport=transport, base_url="http://ksef.test/demo") as http:
            files = downloads(read_page(http.post("/web/certificates", data={**WISH, "key": "rsa"})))
    key = load_pem_private_key(files["Biuro rachunkowe.key"], PASSWORD.encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    canaries = [
        PASSWORD.encode(),
        der[-200:],
        numbers.p.to_bytes(128),
        base64.b64encode(der)[100:140],
        files["Biuro rachunkowe.key"][100:160],
    ]
    contents = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(WISH["holder"].encode() in content for content in contents), "the folder was written"
    assert [canary for canary in canaries for content in contents if canary in content] == []
