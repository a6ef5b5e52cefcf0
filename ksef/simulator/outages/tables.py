"""Tables of the lighthouse's messages."""

from typing import Final

TABLES: Final = ""
