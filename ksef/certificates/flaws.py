"""What can be wrong with the files of a certificate, one by one, so that each gets a message of its own (S31)."""

from enum import StrEnum

from ksef.errors import CredentialUnusable


class Flaw(StrEnum):
    TOO_LARGE = "too_large"
    CERTIFICATE_UNREADABLE = "certificate_unreadable"
    KEY_UNREADABLE = "key_unreadable"
    CERTIFICATE_MISSING = "certificate_missing"
    KEY_MISSING = "key_missing"
    KEY_AS_CERTIFICATE = "key_as_certificate"
    CERTIFICATE_AS_KEY = "certificate_as_key"
    SEVERAL_CERTIFICATES = "several_certificates"
    SEVERAL_KEYS = "several_keys"
    PASSWORD_NEEDED = "password_needed"  # noqa: S105 - the name of a flaw.
    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    TOO_COSTLY = "too_costly"  # Opening it would take more computing than any honest file asks for.
    MISMATCH = "mismatch"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_PURPOSE = "wrong_purpose"
    BOTH_PURPOSES = "both_purposes"
    NO_PURPOSE = "no_purpose"
    WEAK_KEY = "weak_key"
    UNSUPPORTED_KEY = "unsupported_key"


class UnusableFile(CredentialUnusable):
    """`flaw` says why; nothing of the file or the password is in it."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw
