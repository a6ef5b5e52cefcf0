"""Composition root: settings, URLs, Celery, the demo supervisor."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
