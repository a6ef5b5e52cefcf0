"""Django's registration of the identity app; every log-in and log-out passes through Django's two signals."""

from typing import override

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class IdentityConfig(AppConfig):
    name = "accounts.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        from accounts.identity.services import browser_sessions

        user_logged_in.connect(browser_sessions.begin, dispatch_uid="identity.sessions")
        user_logged_out.connect(browser_sessions.finish, dispatch_uid="identity.sessions")
