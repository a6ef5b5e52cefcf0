"""Where allauth takes an address that somebody only asked for as if it were theirs already.

The new address of an account stands beside the old one until its link is opened. Until then it may be anybody's: by
a slip of the keyboard, or because somebody wanted to keep its owner out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter

from accounts.identity.selectors import find_person

if TYPE_CHECKING:
    from accounts.models import User


class SignUpForm(allauth_forms.SignupForm):  # type: ignore[misc]  # allauth has no types
    """Only the address that an account goes by is taken; one that it waits for is not."""

    @override
    def validate_unique_email(self, value: str) -> str:
        if find_person(value) is not None:
            value = super().validate_unique_email(value)
        return str(get_adapter().validate_unique_email(value))


class ResetPasswordForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """A letter that opens an account goes to the address that the account goes by, and to no other."""

    users: list[User]

    @override
    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.email == email]
        return email
