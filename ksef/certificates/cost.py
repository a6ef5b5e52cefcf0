"""How much computing a password-protected file asks for, read from its parameters before any of it is done.

A file may name billions of rounds of key derivation; whoever uploads it would occupy a worker for hours.
"""

from ksef.certificates.der import INTEGER, Element, NotDER, oid
from ksef.certificates.flaws import Flaw, UnusableFile

# A second or two of one core: a round of PBKDF2 and a block of scrypt cost nearly the same.
MOST_WORK = 3_000_000
_MOST_MEMORY = 128 * 1024 * 1024
_LONGEST_DERIVED_KEY = 64

_PBES2 = oid("1.2.840.113549.1.5.13")
_PBKDF2 = oid("1.2.840.113549.1.5.12")
_SCRYPT = oid("1.3.6.1.4.1.11591.4.11")
# PBES1 of PKCS#5 and the schemes of PKCS#12: a salt and a number of rounds.
_SIMPLE_SCHEMES = frozenset(
    oid(f"1.2.840.113549.1.{scheme}")
    for scheme in (*(f"5.{last}" for last in (1, 3, 4, 6, 10, 11)), *(f"12.1.{last}" for last in range(1, 7)))
)


def check_work(*algorithms: Element) -> None:
    """Raises TOO_COSTLY when opening all of these together asks for too much.

    `NotDER` when an algorithm is none of those that private keys and PKCS#12 are encrypted with.
    """
    if sum(_work_of(algorithm) for algorithm in algorithms) > MOST_WORK:
        raise UnusableFile(Flaw.TOO_COSTLY)


def _work_of(algorithm: Element) -> int:
    name, parameters = _split(algorithm)
    if name in _SIMPLE_SCHEMES:
        _salt, rounds = parameters.sequence()
        return _positive(rounds)
    if name != _PBES2:
        raise NotDER("an unknown encryption scheme")
    derivation, _cipher = parameters.sequence()
    name, parameters = _split(derivation)
    if name == _PBKDF2:
        return _pbkdf2_work(parameters.sequence())
    if name == _SCRYPT:
        return _scrypt_work(parameters.sequence())
    raise NotDER("an unknown key derivation")


def _pbkdf2_work(parameters: tuple[Element, ...]) -> int:
    if len(parameters) < 2:  # noqa: PLR2004 - a salt and a count are never missing.
        raise NotDER("PBKDF2 without its parameters")
    _salt, rounds, *rest = parameters
    if rest and rest[0].tag == INTEGER and _positive(rest[0]) > _LONGEST_DERIVED_KEY:
        raise UnusableFile(Flaw.TOO_COSTLY)
    return _positive(rounds)


def _scrypt_work(parameters: tuple[Element, ...]) -> int:
    if len(parameters) < 4:  # noqa: PLR2004 - salt, N, r and p are never missing.
        raise NotDER("scrypt without its parameters")
    _salt, *numbers = parameters
    cost, block, lanes = (_positive(number) for number in numbers[:3])
    if 128 * block * (cost + lanes) > _MOST_MEMORY:
        raise UnusableFile(Flaw.TOO_COSTLY)
    return cost * block * lanes


def _split(algorithm: Element) -> tuple[Element, Element]:
    parts = algorithm.sequence()
    if len(parts) != 2:  # noqa: PLR2004 - AlgorithmIdentifier with parameters.
        raise NotDER("no algorithm with parameters")
    return parts[0], parts[1]


def _positive(element: Element) -> int:
    value = element.integer()
    if value < 1:
        raise NotDER("a count below one")
    return value
