"""Logging in, whole: challenge, proof, patience, tokens (section 2)."""

from collections.abc import Callable
from datetime import timedelta

from ksef.client import auth
from ksef.client.transport import Transport
from ksef.crypto import KeyUsage, PublicKey, encrypt_for_ksef, token_plaintext
from ksef.errors import Ambiguous, Refused, Unavailable
from ksef.exchange import Access, CertificateCredential, Credential, TokenCredential
from ksef.exchange.logins import LoginScope
from ksef.gateway.public_keys import PublicKeys
from ksef.status import LoginFate, login_fate
from ksef.xades import sign_auth_request

# How long a login is followed: KSeF mostly needs a second, OCSP on DEMO and PROD sometimes longer.
_POLL_DELAYS = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0, 2.0, 3.0, 5.0, 5.0)
_SIGNING_SKEW = timedelta(minutes=1)
_LOGIN_ATTEMPTS = 2


class Login:
    """What stands behind `Gateway.log_in`."""

    def __init__(
        self, transport: Transport, *, public_keys: PublicKeys, sleep: Callable[[float], None]
    ) -> None:
        self._transport = transport
        self._public_keys = public_keys
        self._sleep = sleep

    def log_in(self, credential: Credential, *, scope: LoginScope) -> Access:
        for _ in range(_LOGIN_ATTEMPTS):
            try:
                return self._log_in_once(credential, scope)
            except Ambiguous:
                continue
        raise Unavailable("KSeF gave out tokens twice, and both answers were lost")

    def _log_in_once(self, credential: Credential, scope: LoginScope) -> Access:
        if isinstance(credential, TokenCredential):
            login = self._start_with_token(credential, scope)
        else:
            login = self._start_with_certificate(credential, scope)
        self._await(login)
        tokens = auth.redeem(self._transport, login)
        return Access(access=tokens.access, refresh=tokens.refresh, authentication_reference=login.reference)

    def _start_with_certificate(self, credential: CertificateCredential, scope: LoginScope) -> auth.Login:
        challenge = auth.get_challenge(self._transport)
        signed = sign_auth_request(
            challenge=challenge.text,
            scope=scope,
            credential=credential,
            signing_time=challenge.timestamp - _SIGNING_SKEW,
        )
        return auth.start_with_signature(self._transport, signed)

    def _start_with_token(self, credential: TokenCredential, scope: LoginScope) -> auth.Login:
        def start_with(public_key: PublicKey) -> auth.Login:
            challenge = auth.get_challenge(self._transport)
            plaintext = token_plaintext(credential.token, timestamp_ms=challenge.timestamp_ms)
            return auth.start_with_token(
                self._transport,
                challenge=challenge.text,
                scope=scope,
                encrypted_token=encrypt_for_ksef(plaintext, public_key=public_key),
                public_key=public_key,
            )

        return self._public_keys.use(KeyUsage.TOKEN, start_with)

    def _await(self, login: auth.Login) -> None:
        for delay in (*_POLL_DELAYS, None):
            status = auth.get_status(self._transport, login)
            match login_fate(status.code):
                case LoginFate.SUCCEEDED:
                    return
                case LoginFate.REFUSED:
                    raise Refused(status.code, status.description, status.details)
                case LoginFate.FAILED:
                    raise Unavailable(f"KSeF could not finish the login ({status.code})")
                case LoginFate.PENDING if delay is not None:
                    self._sleep(delay)
        raise Unavailable("KSeF is still checking the login")
