"""The one place that says broken rules and obstacles to approval in Polish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.domain.errors import RuleBroken
    from invoices.domain.readiness import Obstacle

_UNKNOWN = _("Tego nie da się teraz zrobić (%(code)s). Odśwież stronę i spróbuj ponownie.")

_TEXTS = {
    # Drafts
    "stale_version": _(
        "Ktoś zmienił ten szkic, odkąd go otwarto. Twoje zmiany nie są zapisane, ale widać je poniżej: "
        "porównaj je z aktualnym szkicem albo zapisz jeszcze raz, aby go zastąpić."
    ),
    "already_saved": _("Ta faktura jest już zapisana."),
    "not_a_draft": _("Ta faktura nie jest już szkicem, dlatego nie można jej zmienić."),
    "numbered_draft": _("Ten szkic ma już numer. Usunięcie go zostawiłoby lukę w numeracji."),
    "approved_before": _(
        "Ta faktura była już zatwierdzana. Jej historia zostaje, więc nie można jej usunąć."
    ),
    "unknown_contractor": _("Tego kontrahenta już nie ma. Wybierz innego."),
    "contractor_in_use": _("Ten kontrahent jest na fakturach, dlatego nie można go usunąć."),
    "not_rejected": _("Poprawić można tylko fakturę odrzuconą przez KSeF."),
    "number_not_taken": _("Nowy numer dostaje tylko faktura, której numer nosi w KSeF inna faktura."),
    # Approval
    "no_lines": _("Dodaj co najmniej jedną pozycję."),
    "too_many_lines": _("Faktura może mieć najwyżej 10 000 pozycji. Podziel ją na kilka faktur."),
    "no_buyer": _("Wybierz nabywcę albo wpisz nowego."),
    "buyer_nip": _("NIP tego nabywcy jest nieprawidłowy. Popraw go w danych kontrahenta."),
    "buyer_address": _("Brakuje adresu tego nabywcy. Uzupełnij go w danych kontrahenta."),
    "future_date": _("Data wystawienia nie może być późniejsza niż dzisiejsza."),
    "past_date": _("Fakturę wysyłaną do KSeF wystawia się z dzisiejszą datą. Zmień datę wystawienia."),
    "exemption_missing": _("Pozycja ze stawką „zw” wymaga podania podstawy zwolnienia z VAT."),
    "reverse_to_consumer": _(
        "Stawki „oo” i „np II” są dla firm: konsument nie rozlicza VAT za sprzedawcę. "
        "Zmień stawkę albo nabywcę."
    ),
    "too_large": _("Dokument jest większy, niż przyjmuje KSeF. Podziel fakturę na kilka."),
    "schema": _("Dokument nie zgadza się ze schematem FA(3): %(path)s: %(message)s"),
    # Corrections
    "not_correctable": _("Skorygować można fakturę przyjętą przez KSeF albo taką, która mu nie podlega."),
    "reason_missing": _("Podaj przyczynę korekty i datę, w której korekta ma skutek."),
    "nothing_corrected": _("Pozycje są takie same jak przed korektą. Zmień to, co korygujesz."),
    "other_buyer": _(
        "Numeru nabywcy nie można skorygować. Skoryguj fakturę do zera i wystaw nową na właściwego nabywcę."
    ),
    # Sending
    "not_connected": _("Najpierw połącz się z KSeF w Konfiguracji. Faktura czeka zatwierdzona."),
    "not_approved": _("Do KSeF można wysłać tylko zatwierdzoną fakturę."),
    "not_subject": _("Ta faktura ma status „KSeF: nie podlega” i nie jest wysyłana do KSeF."),
    "receive_only": _("Firma ma zakres współpracy z KSeF „Tylko odbiór”, więc nic nie wysyła."),
    # Taking back
    "already_sending": _("Tej faktury nie można już cofnąć: jest w drodze do KSeF."),
    "issued_offline": _("Faktury wystawionej offline nie można cofnąć: nabywca może już ją mieć."),
    "not_recallable": _("Cofnąć można tylko fakturę zatwierdzoną, która nie została jeszcze wysłana."),
    # Offline
    "already_sending_online": _("Tej faktury nie można już wystawić offline: jest w drodze do KSeF."),
    "not_for_offline": _("Offline można wystawić tylko zatwierdzoną fakturę, która nie ma numeru KSeF."),
    "not_correctable_technically": _(
        "Poprawkę techniczną przesyła się tylko do faktury wystawionej offline, którą KSeF odrzucił z przyczyn "
        "technicznych."
    ),
    "content_changed": _(
        "Poprawka techniczna nie może zmieniać treści, a dane firmy lub nabywcy są już inne niż na odrzuconej "
        "fakturze. Przywróć je albo wybierz „Popraw”."
    ),
    # Cancelling
    "legal_document": _("Faktury ze środowiska produkcyjnego nie można anulować. Można ją skorygować."),
    "not_cancellable": _("Anulować można zatwierdzoną lub przyjętą fakturę ćwiczebną."),
}


def say(problem: RuleBroken | Obstacle) -> str:
    """The Polish sentence for a code, with its parameters; an unknown code is named rather than hidden."""
    text = _TEXTS.get(problem.code, _UNKNOWN)
    return str(text) % {"code": problem.code, **problem.params}
