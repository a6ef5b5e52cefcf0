"""Celery wakes and sweeps; the queue itself is in PostgreSQL (house rule: losing Redis loses nothing)."""

from __future__ import annotations

import os

from celery import Celery

from config.logs import connect_celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("kwit")
app.config_from_object("config.celery_settings")
app.autodiscover_tasks(["accounts", "invoices", "config"])
connect_celery()
