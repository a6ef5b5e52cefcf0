"""What people say of our help: "Czy ten artykuł był pomocny?" (S110)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import HelpAnswer
from roles.access import Right

if TYPE_CHECKING:
    from roles.access import Actor


def answer_help(*, actor: Actor, article: str, is_helpful: bool, comment: str) -> HelpAnswer:
    """Keep the person's answer about the article; a later one takes the place of the former."""
    actor.require(Right.VIEW)
    answer, _is_new = HelpAnswer.objects.update_or_create(
        company_id=actor.company_id,
        user_id=actor.user_id,
        article=article,
        defaults={"is_helpful": is_helpful, "comment": comment, "answered_at": timezone.now()},
    )
    return answer
