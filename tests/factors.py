"""A phone with an authenticator app, made by allauth's arithmetic and not by ours; and log-ins that use it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

if TYPE_CHECKING:
    from accounts.models import User

PASSWORD = "kanarek-hasla-do-testow-2026"


@dataclass(frozen=True, slots=True)
class Phone:
    """What an app shows that was given this seed."""

    seed: str

    def code(self, *, steps: int = 0) -> str:
        """The code of now, or of some steps of thirty seconds later."""
        code: str = format_hotp_value(hotp_value(self.seed, int(time.time()) // 30 + steps))
        return code

    def wrong_code(self) -> str:
        """One that fits none of the minutes around."""
        near = {self.code(steps=steps) for steps in range(-4, 5)}
        return next(text for number in range(20) if (text := f"{number:06}") not in near)


def give_password(user: User, password: str = PASSWORD) -> None:
    """As signing up and confirming the address leave an account."""
    user.set_password(password)
    user.save()
    EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True, primary=True)


def log_in(user: User, *, client: Client | None = None, password: str = PASSWORD, **extra: Any) -> Client:
    """The first step of a log-in: the password."""
    client = client or Client()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": password}, **extra)
    assert answer.status_code == 302, answer.content
    return client


def set_up_phone(client: Client) -> Phone:
    """Add an app on its page, the seed typed off it, and prove it with its code of the step before."""
    url = reverse("mfa_add_app")
    page = unescape(client.get(url).content.decode())
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None, page
    phone = Phone(found[1].replace(" ", ""))
    # The code of now stays good for what the test does next.
    answer = client.post(url, {"code": phone.code(steps=-1)})
    assert answer.status_code == 302, answer.content
    return phone


def codes_on(page: Any) -> list[str]:
    return re.findall(r"<code>(\d{8})</code>", page.content.decode())


def half_logged_in(user: User) -> Client:
    """A browser that knows the password of somebody with an app, and not the code."""
    give_password(user)
    set_up_phone(log_in(user))
    client = log_in(user)
    assert client.get(reverse("account_login")).headers["Location"] == reverse("mfa_authenticate")
    return client


def to_setup(url: str) -> str:
    """Where somebody without a second factor is sent who wanted to go there."""
    return f"{reverse('mfa_setup')}?{urlencode({'next': url})}"
