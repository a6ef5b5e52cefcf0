"""The queue: what is to be done, when, and who holds it. Global, so that no right to read tenants is needed."""

from __future__ import annotations

import uuid
from typing import override

from django.db import models


class OutboxEntry(models.Model):
    """Ids and times only. `attempt` is the fencing number: a worker writes only while it is still the last."""

    class Kind(models.TextChoices):
        DELIVER = "deliver"
        FETCH_UPO = "fetch_upo"
        SEND_BATCH = "send_batch"
        # Stays for good: its next time is when KSeF is asked again for what the company received.
        RECEIVE = "receive"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    company_id = models.UUIDField()
    user_id = models.UUIDField()
    target_id = models.UUIDField()
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    # The package that carries the document; meanwhile nobody may claim this entry by itself.
    batch_id = models.UUIDField(null=True)
    # The day by which the law wants the document in KSeF: of one company's entries the nearest goes first.
    deadline = models.DateField(null=True)
    # Claims in a row whose worker never came back; an answer of any kind sets it to zero (F40).
    crashes = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "target_id"], name="outbox_once")]
        indexes = [
            models.Index(fields=["not_before"], name="outbox_due"),
            models.Index(
                fields=["batch_id"], name="outbox_by_batch", condition=models.Q(batch_id__isnull=False)
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.target_id}"


class OutboxTurn(models.Model):
    """When a company's work was last taken up: whoever has waited longest for that is next (I9)."""

    company_id = models.UUIDField(primary_key=True)
    taken_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"turn of {self.company_id}"
