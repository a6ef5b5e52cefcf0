"""Users, companies, and what a user keeps for one company and environment."""

from accounts.models.company import Company
from accounts.models.credential import (
    AccessState,
    AccessTimer,
    CertificateRequest,
    KSeFCredential,
    OfflineCertificate,
)
from accounts.models.invitation import Invitation
from accounts.models.notice import AccessNotice, HelpAnswer
from accounts.models.user import User, UserManager

__all__ = [
    "AccessNotice",
    "AccessState",
    "AccessTimer",
    "CertificateRequest",
    "Company",
    "HelpAnswer",
    "Invitation",
    "KSeFCredential",
    "OfflineCertificate",
    "User",
    "UserManager",
]
