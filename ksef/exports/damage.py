"""The one way in which a package of an export is not what it should be."""

from ksef.errors import ContractBroken


class PackageDamaged(ContractBroken):
    """The package is not what KSeF announced, or is built to do harm: nothing of it may be kept (F30, F44)."""
