"""Which characters an FA(3) document may carry."""

import re

# XML 1.0 cannot hold C0 controls, surrogates and U+FFFE-FFFF; KSeF also refuses the characters that XML 1.0
# discourages (ksef-protocol 13.1, in production since 16 July 2026). U+0085 is on neither list.
_FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f"
    "\x7f-\x84\x86-\x9f"
    "\ud800-\udfff"
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)


def find_forbidden_character(text: str) -> str | None:
    """Return the first character KSeF would refuse the whole document for, or None (ksef-protocol 13.1)."""
    match = _FORBIDDEN.search(text)
    return match.group() if match else None


def code_point(character: str) -> str:
    """Name a character that cannot be shown, as in ``U+FFFE``."""
    return f"U+{ord(character):04X}"
