"""What can go wrong with KSeF, sorted by the one question a sender asks: may I repeat this?"""

from typing import ClassVar, override


class KSeFError(Exception):
    """Base of all; `is_safe_to_repeat`: the same request may go out again without asking KSeF first."""

    is_safe_to_repeat: ClassVar[bool] = False


class Limited(KSeFError):
    """HTTP 429: nothing was accepted; KSeF wants no call of this group for `retry_after` seconds (F8)."""

    is_safe_to_repeat = True

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"KSeF asks to wait {retry_after:g} s")
        self.retry_after = retry_after


class Unavailable(KSeFError):
    """KSeF gave no answer or a failing one, and repeating does no harm.

    Raised for connections that never came to be, for reads, and for calls whose repetition leaves nothing
    behind (logging in, opening and closing a session).
    """

    is_safe_to_repeat = True


class Ambiguous(KSeFError):
    """A write went out and its outcome is unknown; ask KSeF before sending again (F4 to F7)."""


class Refused(KSeFError):
    """KSeF understood and said no; `code` is its own code, or the HTTP status when it gave none."""

    def __init__(self, code: int, message: str, details: tuple[str, ...] = (), *, reason: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.details = details
        self.reason = reason  # `reasonCode` of HTTP 403, for example "missing-permissions".

    @override
    def __str__(self) -> str:
        return " ".join(part for part in (f"KSeF refused ({self.code}):", self.message, self.reason) if part)


class AccessExpired(KSeFError):
    """HTTP 401: the token is no longer good and nothing was accepted; repeat with a new token (F12)."""

    is_safe_to_repeat = True


class LinkExpired(KSeFError):
    """A pre-signed address takes or gives nothing more; only KSeF can give another one (F22, F31)."""


class ContractBroken(KSeFError):
    """The answer to a read cannot be understood: not JSON, a required field missing, a hash that differs."""

    is_safe_to_repeat = True


class CredentialUnusable(KSeFError):
    """The certificate or its key cannot be read, do not belong together or are of a kind KSeF refuses."""
