"""Sessions of a person's browsers, and how far the clock of one-time codes has been used up."""

from __future__ import annotations

import uuid
from typing import override

from django.conf import settings
from django.db import models


class BrowserSession(models.Model):
    """One log-in that goes on. Where this row is gone the session has ended, whatever the cookie says (V15).

    Apart from Django's own row, whose name changes at each step-up: this one stays, so that "since" stays true.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.user_id} since {self.began_at:%Y-%m-%d %H:%M}"


class CodeClock(models.Model):
    """The last step of time whose code this person has used: no code up to it is taken again (V18).

    In the database, so that neither a second process nor an emptied cache takes a code twice.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    last_step = models.BigIntegerField(default=0)

    @override
    def __str__(self) -> str:
        return f"{self.user_id}: {self.last_step}"
