"""How Celery runs: JSON only, ids only, no results, nothing that depends on the broker's memory."""

from __future__ import annotations

from celery.schedules import crontab
from django.conf import settings

broker_url = settings.REDIS_URL
broker_connection_retry_on_startup = True
broker_connection_timeout = 1
# A doorbell that nobody answers must not hold up a click (F33).
broker_transport_options = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "visibility_timeout": 300,
    # Without these kombu tries again after 2 s, inside the click.
    "max_retries": 1,
    "interval_start": 0,
}
task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
# Hard limit < lease of the outbox (60 s, invoices.outbox) < visibility timeout.
task_time_limit = 50
task_soft_time_limit = 45
timezone = "Europe/Warsaw"
beat_schedule = {
    "dispatch due work": {"task": "invoices.tasks.dispatch_due", "schedule": 15.0},
    "schedule checks of what was received": {"task": "invoices.tasks.schedule_checks", "schedule": 300.0},
    "renew access in use": {"task": "accounts.tasks.renew_due_access", "schedule": 60.0},
    "watch the lighthouses": {"task": "invoices.tasks.watch_lighthouses", "schedule": 30.0},
    "raise notices": {"task": "accounts.tasks.raise_due_notices", "schedule": 300.0},
    "watch the invariants": {
        "task": "invoices.tasks.check_invariants",
        "schedule": crontab(hour=3, minute=30),
    },
    "say that a worker lives": {"task": "config.tasks.mark_worker_seen", "schedule": 15.0},
}
