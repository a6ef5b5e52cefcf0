"""Every table of the simulator's memory; each package keeps its own beside the code that reads them."""

from typing import Final

from ksef.simulator.access.tables import TABLES as ACCESS
from ksef.simulator.certificates.tables import TABLES as CERTIFICATES
from ksef.simulator.limits.tables import TABLES as LIMITS
from ksef.simulator.outages.tables import TABLES as OUTAGES
from ksef.simulator.permissions.tables import TABLES as PERMISSIONS
from ksef.simulator.reading.tables import TABLES as READING
from ksef.simulator.sending.tables import TABLES as SENDING
from ksef.simulator.testdata.tables import TABLES as TESTDATA

KEPT: Final = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS encryption_keys (
    key_id TEXT NOT NULL, certificate BLOB NOT NULL, private_key BLOB NOT NULL, usage TEXT NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, withdrawn_at INTEGER
) STRICT;
"""
"""What a reset leaves: keys are slow to make."""

EMPTIED: Final = f"{ACCESS}{CERTIFICATES}{LIMITS}{OUTAGES}{PERMISSIONS}{READING}{SENDING}{TESTDATA}"
