"""What a scanned KOD II opens: whether the issuer of an offline invoice is who the link says (section 9)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ksef.simulator.access.identity import Identity
from ksef.simulator.certificates.records import Certificate, find_certificate
from ksef.simulator.identifiers import has_form
from ksef.simulator.messages import Response
from ksef.simulator.pages.html import Html, element, facts, fragment
from ksef.simulator.pages.layout import page, section
from ksef.simulator.pages.links import in_standard_base64, read_base64_url
from ksef.simulator.pages.showing import identifier, invoice_facts, moment, verdict
from ksef.simulator.permissions.effect import permissions_of
from ksef.simulator.permissions.issuing import may_issue_for
from ksef.simulator.permissions.scopes import held
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import SUCCESS, Invoice, find_technical_correction, list_by_hash

_CONTEXTS: Final = ("Nip", "InternalId", "NipVatUe", "PeppolId")
_ISSUING: Final = frozenset({"InvoiceWrite", "PefInvoiceWrite", "EnforcementOperations"})
_SHA256: Final = 32
_P1363: Final = 64
_FATES: Final = {
    "Active": "ważny",
    "Blocked": "zablokowany, trwa unieważnianie",
    "Revoked": "unieważniony",
    "Expired": "wygasł",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; without an outcome there was nothing to look at."""

    name: str
    text: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Link:
    context: tuple[str, str]
    seller: str
    serial: str
    digest: bytes
    signature: bytes


def show_certificate_page(call: Call) -> Response:
    """GET /certificate/{type}/{value}/{seller}/{serial}/{hash}/{signature}: every check by itself."""
    link = _read(call)
    if link is None:
        return page(
            call,
            "Link jest nieprawidłowy lub uszkodzony",
            element("p", "Kod II ma inną budowę. Zeskanuj go ponownie albo poproś wystawcę o fakturę."),
            status=404,
        )
    certificate = find_certificate(call.world.store, link.serial, now=call.now)
    checks = _check(call, link, certificate)
    confirmed = all(check.passed for check in checks)
    title = "Wystawca faktury jest potwierdzony" if confirmed else "Wystawca faktury nie jest potwierdzony"
    return page(
        call,
        title,
        section("Weryfikacja", _list_of(checks)),
        section("Dane z kodu", _facts(link, certificate)),
        section("Faktura", _presence(call, link)),
    )


def _read(call: Call) -> _Link | None:
    parts = call.parts
    digest, signature = read_base64_url(parts["hash"]), read_base64_url(parts["signature"])
    if parts["kind"] not in _CONTEXTS or not has_form(parts["kind"], parts["value"]):
        return None
    if digest is None or len(digest) != _SHA256 or signature is None or not has_form("Nip", parts["seller"]):
        return None
    return _Link((parts["kind"], parts["value"]), parts["seller"], parts["serial"], digest, signature)


def _check(call: Call, link: _Link, certificate: Certificate | None) -> list[Check]:
    may_issue = may_issue_for(call.world, context=link.context, seller=link.seller)
    return [
        Check("register", "Certyfikat jest w rejestrze certyfikatów KSeF", certificate is not None),
        *(_of_certificate(call, link, certificate) if certificate else _NOTHING_TO_CHECK),
        Check("seller", "Kontekst może wystawiać faktury w imieniu sprzedawcy", may_issue),
    ]


_TYPE: Final = "Certyfikat jest typu Offline (do podpisywania linków)"
_VALID: Final = "Certyfikat jest ważny"
_SIGNED: Final = "Podpis linku jest prawidłowy"
_PERMITTED: Final = "Wystawca ma uprawnienie do wystawiania faktur w tym kontekście"
_NOTHING_TO_CHECK: Final = tuple(
    Check(name, text, None)
    for name, text in (
        ("type", _TYPE),
        ("valid", _VALID),
        ("signature", _SIGNED),
        ("permission", _PERMITTED),
    )
)


def _of_certificate(call: Call, link: _Link, certificate: Certificate) -> tuple[Check, ...]:
    status = certificate.status_at(call.now)
    begun = call.now >= certificate.valid_from
    issuer = Identity(certificate.subject_type, certificate.subject, "InternalCertificate")
    permissions = held(permissions_of(call.world, issuer, context=link.context))
    return (
        Check("type", _TYPE, certificate.kind == "Offline", certificate.kind),
        Check(
            "valid",
            _VALID,
            status == "Active" and begun,
            _FATES[status] if begun else "jeszcze nie obowiązuje",
        ),
        Check(
            "signature", _SIGNED, is_signed(certificate, texts=_signed_texts(call), signature=link.signature)
        ),
        Check("permission", _PERMITTED, not _ISSUING.isdisjoint(permissions)),
    )


def _signed_texts(call: Call) -> tuple[bytes, ...]:
    """The link without its scheme and its last part, as it reads here and as it reads with percent signs."""
    host = call.request.root_url.partition("://")[2]
    names = ("kind", "value", "seller", "serial", "hash")
    plain = "/".join(call.parts[name] for name in names)
    quoted = "/".join(quote(call.parts[name], safe="") for name in names)
    return tuple(f"{host}/certificate/{path}".encode() for path in dict.fromkeys((plain, quoted)))


def is_signed(certificate: Certificate, *, texts: tuple[bytes, ...], signature: bytes) -> bool:
    """RSASSA-PSS with a salt of 32 bytes, or ECDSA side by side (P1363) or as DER, over one of the texts."""
    key = x509.load_der_x509_certificate(certificate.content).public_key()
    return any(_verifies(key, text, signature=signature) for text in texts)


def _verifies(key: object, text: bytes, *, signature: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_SHA256)
            key.verify(signature, text, pss, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_as_der(signature), text, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _as_der(signature: bytes) -> bytes:
    if len(signature) != _P1363:
        return signature
    half = _P1363 // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def _list_of(checks: list[Check]) -> Html:
    return element("ul", *(_item(check) for check in checks), class_="checks")


def _item(check: Check) -> Html:
    mark, word, kind = {
        True: ("✓", "spełnione", "yes"),
        False: ("✗", "niespełnione", "no"),
        None: ("–", "nie sprawdzono", "dim"),
    }[check.passed]
    detail = f" ({check.detail})" if check.detail and not check.passed else None
    text = fragment(check.text, detail, ": ", element("span", word, class_=f"{kind} verdict"))
    return element(
        "li",
        element("span", mark, class_=kind, aria_hidden="true"),
        element("span", text),
        data_check=check.name,
        data_result=kind,
    )


def _facts(link: _Link, certificate: Certificate | None) -> Html:
    issuer = validity = None
    if certificate is not None:
        issuer = fragment(
            f"{certificate.common_name} (", identifier(certificate.subject_type, certificate.subject), ")"
        )
        validity = f"{moment(certificate.valid_from)} – {moment(certificate.valid_to)}"
    return facts(
        (
            ("Wystawca", issuer),
            ("Kontekst", identifier(*link.context)),
            ("Sprzedawca", identifier("Nip", link.seller)),
            ("Numer certyfikatu", element("code", link.serial)),
            ("Ważność certyfikatu", validity),
        )
    )


def _presence(call: Call, link: _Link) -> Html:
    """Whether the invoice has come in: it may still be waiting, which says nothing against its issuer."""
    found = _find_invoice(call, link)
    if found is None:
        return fragment(
            element(
                "p",
                verdict("Faktury o tym skrócie nie ma w KSeF.", good=None),
                " Wystawiona offline może jeszcze czekać na przesłanie; jej treści ten kod nie potwierdza.",
                data_presence="absent",
            )
        )
    return fragment(
        element("p", verdict("Faktura o tym skrócie jest w KSeF.", good=True), data_presence="present"),
        invoice_facts(found),
    )


def _find_invoice(call: Call, link: _Link) -> Invoice | None:
    digest = in_standard_base64(link.digest)
    found = [
        item
        for item in list_by_hash(call.world.store, digest)
        if (item.code, item.seller) == (SUCCESS, link.seller)
    ]
    corrected = find_technical_correction(call.world.store, digest)
    if corrected is not None and corrected.seller == link.seller:
        found.append(corrected)
    return found[0] if found else None
