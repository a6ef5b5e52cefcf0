"""Countries as people know them, by the codes that FA(3) takes in an address."""

from __future__ import annotations

from typing import Final

from accounts.domain.identifiers import EU_COUNTRIES

# In the order of the Polish alphabet, which the database's collation does not know.
_NAMES: Final = """
AF Afganistan|AL Albania|DZ Algieria|AD Andora|AO Angola|AI Anguilla|AG Antigua i Barbuda|SA Arabia Saudyjska
AR Argentyna|AM Armenia|AW Aruba|AU Australia|AT Austria|AZ Azerbejdżan|BS Bahamy|BH Bahrajn|BD Bangladesz
BB Barbados|BE Belgia|BZ Belize|BJ Benin|BM Bermudy|BT Bhutan|BY Białoruś|BO Boliwia|BA Bośnia i Hercegowina
BW Botswana|BR Brazylia|BN Brunei|BG Bułgaria|BF Burkina Faso|BI Burundi|CL Chile|CN Chiny|HR Chorwacja
CW Curaçao|CY Cypr|TD Czad|ME Czarnogóra|CZ Czechy|CD Demokratyczna Republika Konga|DK Dania|DM Dominika
DO Dominikana|DJ Dżibuti|EG Egipt|EC Ekwador|ER Erytrea|EE Estonia|SZ Eswatini|ET Etiopia|FJ Fidżi|PH Filipiny
FI Finlandia|FR Francja|GA Gabon|GM Gambia|GH Ghana|GI Gibraltar|GR Grecja|GD Grenada|GL Grenlandia|GE Gruzja
GG Guernsey|GY Gujana|GT Gwatemala|GN Gwinea|GW Gwinea Bissau|GQ Gwinea Równikowa|HT Haiti|ES Hiszpania
HN Honduras|HK Hongkong|IN Indie|ID Indonezja|IQ Irak|IR Iran|IE Irlandia|XI Irlandia Północna|IS Islandia
IL Izrael|JM Jamajka|JP Japonia|YE Jemen|JE Jersey|JO Jordania|KY Kajmany|KH Kambodża|CM Kamerun|CA Kanada
QA Katar|KZ Kazachstan|KE Kenia|KG Kirgistan|KI Kiribati|CO Kolumbia|KM Komory|CG Kongo|KR Korea Południowa
KP Korea Północna|XK Kosowo|CR Kostaryka|CU Kuba|KW Kuwejt|LA Laos|LS Lesotho|LB Liban|LR Liberia|LY Libia
LI Liechtenstein|LT Litwa|LU Luksemburg|LV Łotwa|MK Macedonia Północna|MG Madagaskar|MO Makau|MW Malawi
MV Malediwy|MY Malezja|ML Mali|MT Malta|MA Maroko|MR Mauretania|MU Mauritius|MX Meksyk
FM Mikronezja|MM Mjanma|MD Mołdawia|MC Monako|MN Mongolia|MZ Mozambik|NA Namibia|NR Nauru|NP Nepal
NL Niderlandy|DE Niemcy|NE Niger|NG Nigeria|NI Nikaragua|NO Norwegia|NZ Nowa Zelandia|OM Oman|PK Pakistan
PW Palau|PS Palestyna|PA Panama|PG Papua-Nowa Gwinea|PY Paragwaj|PE Peru|PL Polska|PT Portugalia
ZA Republika Południowej Afryki|CF Republika Środkowoafrykańska|CV Republika Zielonego Przylądka|RU Rosja
RO Rumunia|RW Rwanda|EH Sahara Zachodnia|KN Saint Kitts i Nevis|LC Saint Lucia
VC Saint Vincent i Grenadyny|SV Salwador|WS Samoa|SM San Marino|SN Senegal|RS Serbia|SC Seszele
SL Sierra Leone|SG Singapur|SK Słowacja|SI Słowenia|SO Somalia|LK Sri Lanka|US Stany Zjednoczone|SD Sudan
SS Sudan Południowy|SR Surinam|SY Syria|CH Szwajcaria|SE Szwecja|TJ Tadżykistan|TH Tajlandia|TW Tajwan
TZ Tanzania|TL Timor Wschodni|TG Togo|TO Tonga|TT Trynidad i Tobago|TN Tunezja|TR Turcja|TM Turkmenistan
TV Tuvalu|UG Uganda|UA Ukraina|UY Urugwaj|UZ Uzbekistan|VU Vanuatu|VA Watykan|VE Wenezuela|HU Węgry
GB Wielka Brytania|VN Wietnam|IT Włochy|CI Wybrzeże Kości Słoniowej|IM Wyspa Man|MH Wyspy Marshalla|FO Wyspy Owcze
SB Wyspy Salomona|ST Wyspy Świętego Tomasza i Książęca|ZM Zambia|ZW Zimbabwe|AE Zjednoczone Emiraty Arabskie
"""

POLAND: Final = "PL"
_GREECE: Final = "GR"
_GREECE_IN_VAT: Final = "EL"

COUNTRIES: Final[dict[str, str]] = {
    entry[:2]: entry[3:] for row in _NAMES.strip().splitlines() for entry in row.split("|")
}


def vat_prefix(country: str) -> str:
    """The prefix of EU VAT numbers from this country: Greece writes EL; empty outside the Union."""
    prefix = _GREECE_IN_VAT if country == _GREECE else country
    return prefix if prefix in EU_COUNTRIES else ""


def country_of_prefix(prefix: str) -> str:
    return _GREECE if prefix == _GREECE_IN_VAT else prefix
