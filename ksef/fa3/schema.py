"""The one place that knows where the official FA(3) schema is.

The schema is not part of this project: it lies as data in the pinned wheel ``ksef-client``, whose code is
never imported here. Its files name each other by address; those addresses mean the files of the same folder
and every other address is refused, so nothing ever goes to the network.
"""

import importlib.util
import re
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from lxml import etree

NAMESPACE: Final = "http://crd.gov.pl/wzor/2025/06/25/13775/"
TYPES_NAMESPACE: Final = "http://crd.gov.pl/xml/schematy/dziedzinowe/mf/2022/01/05/eD/DefinicjeTypy/"

MAIN_FILE: Final = "schemat_FA(3)_v1-0E.xsd"
IMPORTED_FILES: Final = (
    "StrukturyDanych_v10-0E.xsd",
    "ElementarneTypyDanych_v10-0E.xsd",
    "KodyKrajow_v10-0E.xsd",
)

_WHEEL = "ksef_client"
_FOLDER = Path("documents", "fa3", "schemas")
_LOCATION = re.compile(rb"""schemaLocation\s*=\s*["'](?P<address>[^"']*)["']""")


class SchemaUnavailable(Exception):
    """The schema files are not installed, or one of them points outside its folder."""


def schema_path(name: str = MAIN_FILE) -> Path:
    """Return where a schema file is; SchemaUnavailable when the wheel or the file is missing."""
    spec = importlib.util.find_spec(_WHEEL)
    for location in (spec and spec.submodule_search_locations) or ():
        path = Path(location) / _FOLDER / name
        if path.is_file():
            return path
    raise SchemaUnavailable(f"{name} is not installed: see requirements (ksef-client)")


def compile_schema(source: bytes) -> etree.XMLSchema:
    """Compile a schema whose imports may only be the official FA(3) ones; SchemaUnavailable for any other.

    The files are compiled from copies that name each other locally. A resolver would do without copies, but
    libxml2 has one loader for the whole process and lxml swaps it at every parse: another thread's parsing
    would take the resolver away in the middle of a compilation.
    """
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    with TemporaryDirectory(prefix="fa3-") as directory:
        for name in IMPORTED_FILES:
            Path(directory, name).write_bytes(_with_local_names(schema_path(name).read_bytes()))
        main = Path(directory, "main.xsd")
        main.write_bytes(_with_local_names(source))
        return etree.XMLSchema(etree.parse(main, parser))


def _with_local_names(source: bytes) -> bytes:
    """The schema with each official address of an import replaced by the name of the file beside it."""

    def local(match: re.Match[bytes]) -> bytes:
        address = match["address"].decode()
        name = address.removeprefix(TYPES_NAMESPACE)
        if name not in IMPORTED_FILES:
            raise SchemaUnavailable(f"the schema may not load {address}")
        return b'schemaLocation="' + name.encode() + b'"'

    return _LOCATION.sub(local, source)


class _PerThread(threading.local):
    schema: etree.XMLSchema | None = None


_per_thread = _PerThread()


def fa3_schema() -> etree.XMLSchema:
    """Return this thread's own compiled FA(3) schema: lxml keeps the error log of a validation in it."""
    schema = _per_thread.schema
    if schema is None:
        schema = _per_thread.schema = compile_schema(schema_path().read_bytes())
    return schema
