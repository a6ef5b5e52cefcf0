"""Tables of exports and collective identifiers."""

from typing import Final

TABLES: Final = ""
