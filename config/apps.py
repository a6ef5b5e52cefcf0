"""Django's registration of the installation itself: its system checks."""

from typing import override

from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "config"

    @override
    def ready(self) -> None:
        from config import checks  # noqa: F401 -- importing registers them
