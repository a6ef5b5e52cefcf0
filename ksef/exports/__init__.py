"""Opens the package of an export: parts, archive, list and invoices, all of it distrusted (section 7.3)."""

from ksef.exports.archives import UnpackingLimits
from ksef.exports.damage import PackageDamaged
from ksef.exports.package import ReceivedInvoice, ReceivedPackage, open_package

__all__ = ["PackageDamaged", "ReceivedInvoice", "ReceivedPackage", "UnpackingLimits", "open_package"]
