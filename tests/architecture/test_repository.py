"""What stands in the repository: no address of a package index, no secret, no unpinned requirement."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.architecture.requirement_ids import PROOFS, find_proofs
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.architecture

# Everything that may follow "//": the ministry and the standards, this machine, names reserved for examples.
MEANT = re.compile(
    r"(.+\.)?((mf|crd)\.gov\.pl|w3\.org|etsi\.org|example|test|127(\.0\.0\.1)?|testserver|ksef|x|localhost)"
)
BINARY = {".png", ".jpg", ".ico", ".woff2", ".pdf", ".gz"}


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    """All tracked text files."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return {
        path: path.read_text(encoding="utf-8")
        for path in paths
        if path.suffix not in BINARY and path.is_file() and not path.is_symlink()
    }


def test_every_address_is_one_we_mean(texts: dict[Path, str]) -> None:
    """Where packages come from is the machine's business; hashes say which ones they are."""
    strange = [
        f"{path.relative_to(ROOT)}: {host}"
        for path, text in texts.items()
        for host in re.findall(r"https?://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)", text)
        if MEANT.fullmatch(host) is None
    ]
    assert strange == []


def test_requirements_are_pinned_with_hashes(texts: dict[Path, str]) -> None:
    """V48: whatever is installed is what was looked at."""
    for path, text in texts.items():
        if path.parent.name == "requirements" and path.suffix == ".txt":
            for entry in text.replace("\\\n", " ").splitlines():
                if entry.strip() and not entry.lstrip().startswith("#"):
                    assert re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), (
                        f"{path.name}: {entry}"
                    )


def test_no_secret_is_kept(texts: dict[Path, str]) -> None:
    """V37: no private key and no filled-in secret in any file."""
    begin = re.compile("-----BEGIN (?:[A-Z]+ )*PRIVATE" r" KEY-----\s+[A-Za-z0-9+/]{40}")
    assert [str(path.relative_to(ROOT)) for path, text in texts.items() if begin.search(text)] == []
    assert [path.name for path in texts if path.name == ".env"] == []


def test_the_ids_in_tests_are_of_known_kinds() -> None:
    """The report of proofs (`python -m tests.architecture.requirement_ids`) stands on well-formed ids."""
    proofs = find_proofs()
    assert len(proofs) > 50
    assert [name for name in proofs if int(name[1:]) > PROOFS[name[0]]] == []
