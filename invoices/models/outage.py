"""What the lighthouse published about KSeF. Global: an outage is nobody's own, and no data of a company is in it."""

from __future__ import annotations

import uuid
from typing import override

from django.db import models


class OutageMessage(models.Model):
    """One published message as it was read; never changed, since it is the proof of a deadline that it moved."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.CharField(max_length=20)
    message_id = models.CharField(max_length=100)
    # Joins the messages of one outage.
    event = models.BigIntegerField()
    category = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    title = models.TextField(blank=True)
    text = models.TextField(blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    version = models.IntegerField()
    published_at = models.DateTimeField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "message_id", "version", "published_at"], name="outagemessage_once"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.message_id}, version {self.version}"


class LighthouseWatch(models.Model):
    """When the lighthouse of an environment was asked, and how far what it said has been carried out."""

    environment = models.CharField(max_length=20, primary_key=True)
    asked_at = models.DateTimeField(null=True)
    # When it last answered; a dark one leaves this alone (F49).
    read_at = models.DateTimeField(null=True)
    # When it last said something new.
    changed_at = models.DateTimeField(null=True)
    # When the last walk over all companies began that went to its end.
    settled_at = models.DateTimeField(null=True)
    # The walk that goes on: when it began, and the last company it came to.
    walk_began_at = models.DateTimeField(null=True)
    walked_to = models.UUIDField(null=True)

    @override
    def __str__(self) -> str:
        return self.environment
