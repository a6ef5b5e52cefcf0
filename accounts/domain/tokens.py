"""What a pasted KSeF token looks like before KSeF is asked (S56)."""

from __future__ import annotations

import re

# KSeF 1.0 gave out 64 hexadecimal digits; 2.0 gives its reference number, the context and a secret between bars.
_FORMER = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)


def is_of_former_ksef(token: str) -> bool:
    """Whether the text has the shape of a KSeF 1.0 token: those do not work in KSeF 2.0 (S56)."""
    return _FORMER.fullmatch(token) is not None
