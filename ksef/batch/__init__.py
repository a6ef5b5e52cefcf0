"""Packs documents for a batch session: one archive, cut and encrypted on its way to the disk (section 5)."""

from ksef.batch.journal import read_batch, write_batch
from ksef.batch.limits import NotPackable, PackageFull, PackingLimits
from ksef.batch.packing import pack

__all__ = ["NotPackable", "PackageFull", "PackingLimits", "pack", "read_batch", "write_batch"]
