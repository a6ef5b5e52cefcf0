"""What a person says of oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User


def rename_person(user: User, *, full_name: str) -> None:
    user.full_name = full_name
    user.save(update_fields=["full_name"])
