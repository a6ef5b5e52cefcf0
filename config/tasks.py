"""Tasks of the installation itself."""

from __future__ import annotations

from celery import shared_task

from config import health


@shared_task(name="config.tasks.mark_worker_seen")
def mark_worker_seen() -> None:
    """Let /readyz know that a worker took a task lately."""
    health.mark_worker_seen()
