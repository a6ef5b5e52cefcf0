"""Tables of certificates and their enrolments."""

from typing import Final

TABLES: Final = ""
