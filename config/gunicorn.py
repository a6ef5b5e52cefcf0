"""How gunicorn serves the portal, in the demo and in the container alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from config.logs import logging_settings

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
# Connecting a company asks KSeF inside the request, for ten seconds at most.
timeout = 60
graceful_timeout = 15
max_requests = 5000
max_requests_jitter = 500
# Memory, not the disk, which may be read-only.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 -- gunicorn wants a string.
control_socket_disable = True
# The portal writes one line for each request itself (config.logs.request_log).
accesslog = None
logconfig_dict = logging_settings(
    as_json=os.environ.get("LOG_FORMAT") == "json",
    level=os.environ.get("LOG_LEVEL", "INFO"),
)


# A worker that has seen a password leaves after so long: soon enough to be forgotten within a minute, and rarely
# enough that somebody who mistypes a password ten times costs one worker and not ten.
_LEAVES_AFTER_SECONDS = 20


def post_request(worker: Any, _request: object, environ: dict[str, Any], _response: object) -> None:
    """Let a worker that has seen a password or a key end soon, so that its memory goes with it (V33)."""
    if not environ.get("kwit.forget") or getattr(worker, "is_leaving", False):
        return
    worker.is_leaving = True
    leaving = threading.Timer(_LEAVES_AFTER_SECONDS, setattr, (worker, "alive", False))
    leaving.daemon = True
    leaving.start()


def on_starting(_arbiter: object) -> None:
    """Serve nobody from an unsafe installation (config.checks).

    In a process of its own: what the arbiter has imported, a reload would not renew.
    """
    manage = Path(__file__).resolve().parent.parent / "manage.py"
    command = [sys.executable, str(manage), "check", "--database", "default"]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:  # noqa: S603 -- our own program
        sys.exit("The system checks failed; nothing is served.")
