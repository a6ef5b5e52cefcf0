"""Every way the simulator says no: KSeF codes and descriptions, in both error formats (section 0)."""

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, override

DESCRIPTIONS: Final = {
    9101: "Nieprawidłowy dokument.",
    9102: "Brak podpisu.",
    9103: "Przekroczona liczba dozwolonych podpisów.",
    9105: "Nieprawidłowy podpis.",
    21001: "Nieczytelna treść.",
    21111: "Nieprawidłowe wyzwanie autoryzacyjne.",
    21115: "Nieprawidłowy certyfikat.",
    21117: "Nieprawidłowy identyfikator podmiotu dla wskazanego typu kontekstu.",
    21155: "Przekroczono dozwoloną liczbę faktur w sesji.",
    21157: "Nieprawidłowy rozmiar części pakietu.",
    21161: "Przekroczono dozwoloną liczbę części pakietu.",
    21164: "Faktura o podanym identyfikatorze nie istnieje.",
    21165: "Faktura o podanym numerze KSeF nie jest jeszcze dostępna.",
    21166: "Korekta techniczna niedostępna.",
    21167: "Status faktury nie pozwala na korektę techniczną.",
    21173: "Brak sesji o wskazanym numerze referencyjnym.",
    21178: "Nie znaleziono UPO dla podanych kryteriów.",
    21175: "Wynik zapytania o podanym identyfikatorze nie istnieje.",
    21180: "Status sesji nie pozwala na wykonanie operacji.",
    21181: "Nieprawidłowe żądanie eksportu faktur.",
    21182: "Osiągnięto limit trwających eksportów.",
    21183: "Zakres filtrowania wykracza poza dostępny zakres danych.",
    21184: "Sesja tymczasowo niedostępna.",
    21205: "Pakiet nie może być pusty.",
    21208: "Czas oczekiwania na requesty upload lub finish został przekroczony.",
    21217: "Nieprawidłowe kodowanie znaków.",
    21301: "Brak autoryzacji.",
    21304: "Brak uwierzytelnienia.",
    21308: "Próba wykorzystania metod autoryzacyjnych osoby zmarłej.",
    21401: "Dokument nie jest zgodny ze schemą (xsd).",
    21402: "Nieprawidłowy rozmiar pliku.",
    21403: "Nieprawidłowy skrót pliku.",
    21405: "Błąd walidacji danych wejściowych.",
    21406: "Konflikt podpisu i typu uwierzytelnienia.",
    21418: "Przekazany token kontynuacji ma nieprawidłowy format.",
    21470: "Przesłany identyfikator klucza jest nieznany lub wskazuje na wycofany klucz.",
    25001: "Brak możliwości pobrania danych do CSR dla wykorzystanego sposobu uwierzytelnienia.",
    25002: "Brak możliwości złożenia wniosku certyfikacyjnego dla wykorzystanego sposobu uwierzytelnienia.",
    25003: "Dane w CSR nie zgadzają się z danymi w użytym wektorze uwierzytelniającym.",
    25004: "Niepoprawny format CSR lub niepoprawny podpis CSR.",
    25005: "Wniosek certyfikacyjny o podanym numerze referencyjnym nie istnieje.",
    25006: "Osiągnięto limit możliwych do złożenia wniosków certyfikacyjnych.",
    25007: "Osiągnięto limit dopuszczalnej liczby posiadanych certyfikatów.",
    25008: "Certyfikat o podanym numerze seryjnym nie istnieje.",
    25009: "Nie można odwołać wskazanego certyfikatu, ponieważ jest już odwołany, zablokowany lub nieważny.",
    25010: "Nieprawidłowy typ lub długość klucza.",
    25011: "Nieprawidłowy algorytm podpisu CSR.",
    26001: "Nie można nadać tokenowi uprawnień których nie posiadasz.",
    26002: "Nie można wygenerować tokena dla obecnego typu kontekstu.",
    30001: "Podmiot lub uprawnienie już istnieje.",
    71001: "Faktura o podanym identyfikatorze nie istnieje.",
    71002: "Faktura jest już przypisana do maksymalnej liczby Identyfikatorów Zbiorczych.",
    71004: "Faktury mają różnych sprzedawców.",
    71005: "Powtórzony numer KSeF w żądaniu.",
}

_PROBLEM = "application/problem+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer needs to know of the request it refuses."""

    path: str
    at: str
    problem_details: bool


class Problem(Exception):
    """An answer other than success; each kind renders itself."""

    status: HTTPStatus

    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        """Return the content type and the JSON body."""
        raise NotImplementedError

    def headers(self) -> tuple[tuple[str, str], ...]:
        return ()

    def details_body(self, asked: Asked, *, detail: str, **more: object) -> dict[str, object]:
        return {
            "title": self.status.phrase,
            "status": self.status.value,
            "instance": asked.path,
            "detail": detail,
            "timestamp": asked.at,
            "traceId": secrets.token_hex(16),
            **more,
        }


class Refusal(Problem):
    """HTTP 400 with one KSeF code."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: int, *details: str) -> None:
        super().__init__(code, *details)
        self.code = code
        self.description = DESCRIPTIONS.get(code, "Błąd.")
        self.details = details

    @override
    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        if asked.problem_details:
            error = {"code": self.code, "description": self.description, "details": list(self.details)}
            return _PROBLEM, self.details_body(asked, detail="Żądanie jest nieprawidłowe.", errors=[error])
        detail = {
            "exceptionCode": self.code,
            "exceptionDescription": self.description,
            "details": list(self.details),
        }
        return "application/json; charset=utf-8", {
            "exception": {
                "exceptionDetailList": [detail],
                "referenceNumber": _trace_reference(),
                "serviceCode": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00",
                "serviceCtx": "simulator",
                "serviceName": "Undefined",
                "timestamp": asked.at,
            }
        }


class Unauthorized(Problem):
    """HTTP 401: no bearer token, or one that is not what this endpoint takes; always problem+json."""

    status = HTTPStatus.UNAUTHORIZED

    @override
    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        return _PROBLEM, self.details_body(asked, detail="Wymagane jest uwierzytelnienie.")


class Forbidden(Problem):
    """HTTP 403 with its reasonCode; always problem+json."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self, reason: str, detail: str, **security: object) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.security = security

    @override
    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        # Some reasons say nothing more.
        more = {"security": self.security} if self.security else {}
        return _PROBLEM, self.details_body(asked, detail=self.detail, reasonCode=self.reason, **more)


class Gone(Problem):
    """HTTP 410: the status of an old operation is no longer kept."""

    status = HTTPStatus.GONE

    @override
    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        return _PROBLEM, self.details_body(asked, detail="Status operacji nie jest już dostępny.")


class TooManyRequests(Problem):
    """HTTP 429 with Retry-After (section 12)."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(
        self, retry_after: int, *, reason: str = "Przekroczono limit żądań.", retry_header: str | None = None
    ) -> None:
        super().__init__(retry_after, reason)
        self.retry_after = retry_after
        self.reason = reason
        self.retry_header = str(retry_after) if retry_header is None else retry_header

    @override
    def headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", self.retry_header),) if self.retry_header else ()

    @override
    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        text = f"{self.reason} Spróbuj ponownie po {self.retry_after} sekundach."
        if asked.problem_details:
            return _PROBLEM, self.details_body(asked, detail=text)
        status = {"code": 429, "description": "Too Many Requests", "details": [text]}
        return "application/json; charset=utf-8", {"status": status}


class Elsewhere(Problem):
    """404, 405, 411, 413 and the 5xx of a fault: what stands before the API and not in its contract."""

    def __init__(self, status: HTTPStatus, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self._headers = headers

    @override
    def headers(self) -> tuple[tuple[str, str], ...]:
        return self._headers

    @override
    def body(self, asked: Asked) -> tuple[str, dict[str, object]]:
        return _PROBLEM, self.details_body(asked, detail=self.status.description or self.status.phrase)


def _trace_reference() -> str:
    """Return 36 characters, as every reference number of the contract has."""
    text = secrets.token_hex(16)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
