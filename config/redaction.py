"""What no log line may hold: secrets, documents, mail addresses, the rows PostgreSQL quotes in its errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MASK = "[masked]"

_SECRET_WORDS = frozenset({
    "authorization", "challenge", "cookie", "credential", "credentials", "csrf", "haslo", "key", "keys",
    "pass", "passphrase", "passwd", "password", "pem", "pesel", "secret", "signature", "token", "vector",
    "xml",
})  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

# Also the two separators that some viewers take for line ends.
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_NAME = (
    r"[\w-]*(?:authorization|cookie|passphrase|passwd|password|haslo|secret|token|api[_-]?key|privatekey"
    r"|symmetrickey)[\w-]*"
)
_LONG = r"[A-Za-z0-9+/_-]{40,}={0,2}"


def _mask_if_encoded(match: re.Match[str]) -> str:
    """Mask what looks like base64; hashes in hex and long identifiers lack one of the three kinds."""
    text = match.group()
    is_encoded = (
        any(c.isupper() for c in text) and any(c.islower() for c in text) and any(c.isdigit() for c in text)
    )
    return MASK if is_encoded else text


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"<\?xml.*|<(?:\w+:)?(?:Faktura|AuthTokenRequest|Potwierdzenie)\b.*", re.DOTALL), "[xml]"),
    # PostgreSQL quotes the offending row, which may be a buyer.
    (re.compile(r"DETAIL:.*?(?=\n\n|\nHINT:|\Z)", re.DOTALL), f"DETAIL: {MASK}"),
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?"), MASK),
    # A KSeF token is reference|context|hash; the reference alone is no secret.
    (re.compile(r"\|(?:nip|internalId|nipVatUe|peppolId)-[^|\s]+\|[0-9a-fA-F]{64}"), f"|{MASK}"),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s\"',;]+", re.IGNORECASE), rf"\1 {MASK}"),
    (
        re.compile(
            rf"(?P<name>['\"]?{_NAME}['\"]?\s*[:=]\s*)"
            r"(?!(?:Bearer|Basic) )(?:\"[^\"]*\"|'[^']*'|[^\s,;&})\]]+)",
            re.IGNORECASE,
        ),
        rf"\g<name>{MASK}",
    ),
    (re.compile(r"(?P<start>://[^\s:/@]*:)[^\s@/]+@"), rf"\g<start>{MASK}@"),
    # Links of password resets, address confirmations and invitations are keys.
    (re.compile(r"(?P<start>/(?:key|confirm-email|zaproszenie)/)[^/\s\"']+"), rf"\g<start>{MASK}"),
    (re.compile(_LONG), _mask_if_encoded),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
)


def is_secret_name(name: str) -> bool:
    """Tell whether a field of this name is masked, whatever it holds: encryptedToken, api-key."""
    return any(word.lower() in _SECRET_WORDS for word in _WORD.findall(name))


def redact_text(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def flatten(text: str) -> str:
    """Show control characters as escapes: a name typed with a line break must not begin a line of its own."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def redact(value: object) -> object:
    """Return the value as a log line may show it: containers walked, the unknown as its redacted text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return redact_fields({str(name): item for name, item in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    return flatten(redact_text(value if isinstance(value, str) else str(value)))


def redact_fields(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: MASK if is_secret_name(name) and value else redact(value) for name, value in fields.items()}
