"""Tables of grants and of the operations that made them."""

from typing import Final

TABLES: Final = ""
