"""Certificates and their keys: the files that people upload, and seals we make ourselves for practice."""

from ksef.certificates.facts import CertificateFacts, check_usable, describe
from ksef.certificates.flaws import Flaw, UnusableFile
from ksef.certificates.keys import SigningKey, inspect_key, lock_key, open_key
from ksef.certificates.seals import self_signed_seal
from ksef.certificates.uploads import Upload, check_pair, read_certificate, read_upload

__all__ = [
    "CertificateFacts",
    "Flaw",
    "SigningKey",
    "UnusableFile",
    "Upload",
    "check_pair",
    "check_usable",
    "describe",
    "inspect_key",
    "lock_key",
    "open_key",
    "read_certificate",
    "read_upload",
    "self_signed_seal",
]
