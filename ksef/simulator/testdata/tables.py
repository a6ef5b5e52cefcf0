"""Tables of invented subjects, persons, consents and blocks."""

from typing import Final

TABLES: Final = ""
