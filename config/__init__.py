"""Composition root: settings, URLs, Celery, the demo supervisor."""
