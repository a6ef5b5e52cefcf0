"""Named points at which a practice installation can be killed, to prove that nothing is lost there."""

from __future__ import annotations

import os
import signal

from django.conf import settings


def reach(name: str) -> None:
    """Die here, as by SIGKILL, when FAILPOINT says "<name>:kill"; in every other case do nothing."""
    if f"{name}:kill" == settings.FAILPOINT:
        os.kill(os.getpid(), signal.SIGKILL)
