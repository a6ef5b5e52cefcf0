"""Tables of limits that were changed for one context or subject."""

from typing import Final

TABLES: Final = ""
