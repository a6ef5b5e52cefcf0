"""What KSeF allows this login's context and subject (section 12)."""

from ksef.client import limits
from ksef.client.transport import Transport
from ksef.exchange.limits import ContextLimits, RateLimits, SubjectLimits


class Limits:
    """`gateway.limits`; they differ per context and may change, so they are asked for and not assumed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_rate_limits(self, access_token: str) -> RateLimits:
        return limits.get_rate_limits(self._transport, access_token)

    def get_context_limits(self, access_token: str) -> ContextLimits:
        return limits.get_context_limits(self._transport, access_token)

    def get_subject_limits(self, access_token: str) -> SubjectLimits:
        return limits.get_subject_limits(self._transport, access_token)
