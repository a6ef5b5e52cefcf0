"""The rights in words, in the groups of the role form (S67-S69, S74)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from roles.access import Right

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

RIGHT_NAMES: Final[dict[Right, _StrPromise]] = {
    Right.VIEW: _("Podgląd faktur, kontrahentów i konfiguracji"),
    Right.ISSUE: _("Wystawianie faktur i prowadzenie kontrahentów"),
    Right.APPROVE: _("Zatwierdzanie faktur"),
    Right.SEND: _("Uprawnienie do wysyłania dokumentów do KSeF i odbierania UPO"),
    Right.SEND_AUTOMATICALLY: _("Automatyczne wysyłanie dokumentów do KSeF"),
    Right.RECEIVE: _("Odbieranie faktur kosztowych z KSeF"),
    Right.REGISTER: _("Prowadzenie rejestru zakupów VAT"),
    Right.SETTINGS: _("Zmiana danych firmy, planu i parametrów KSeF"),
    Right.USERS: _("Zapraszanie użytkowników i nadawanie ról"),
}


@dataclass(frozen=True, slots=True)
class RightGroup:
    name: _StrPromise
    rights: tuple[Right, ...]


RIGHT_GROUPS: Final = (
    RightGroup(_("Podgląd"), (Right.VIEW,)),
    RightGroup(_("Wystawianie"), (Right.ISSUE,)),
    RightGroup(_("Zatwierdzanie"), (Right.APPROVE,)),
    RightGroup(_("KSeF"), (Right.SEND, Right.SEND_AUTOMATICALLY)),
    RightGroup(_("Odbiór"), (Right.RECEIVE,)),
    RightGroup(_("Rejestr"), (Right.REGISTER,)),
    RightGroup(_("Ustawienia"), (Right.SETTINGS,)),
    RightGroup(_("Użytkownicy"), (Right.USERS,)),
)
