"""Translating between HTTP and the services and selectors; no rule lives here."""
