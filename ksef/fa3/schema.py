"""The one place that knows where the official FA(3) schema is.

The schema is not part of this project: it lies as data in the pinned wheel ``ksef-client``, whose code is
never imported here. Its files name each other by address; those addresses are answered from the same folder
and every other address is refused, so nothing ever goes to the network.
"""

import importlib.util
import threading
from pathlib import Path
from typing import Final, override

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


class _FolderResolver(etree.Resolver):
    """Answers the schema's own files and the official addresses of its imports, and nothing else."""

    @override
    def resolve(  # type: ignore[override]  # The stubs leave out the third argument that lxml passes.
        self, system_url: str, public_id: str, context: object
    ) -> object:
        name = system_url.removeprefix(TYPES_NAMESPACE)
        if name in IMPORTED_FILES:
            return self.resolve_string(schema_path(name).read_bytes(), context, base_url=system_url)
        raise SchemaUnavailable(f"the schema may not load {system_url}")


def compile_schema(source: bytes) -> etree.XMLSchema:
    """Compile a schema whose imports may only be the official FA(3) ones."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    parser.resolvers.add(_FolderResolver())
    return etree.XMLSchema(etree.fromstring(source, parser))


class _PerThread(threading.local):
    schema: etree.XMLSchema | None = None


_per_thread = _PerThread()


def fa3_schema() -> etree.XMLSchema:
    """Return this thread's own compiled FA(3) schema: lxml keeps the error log of a validation in it."""
    schema = _per_thread.schema
    if schema is None:
        schema = _per_thread.schema = compile_schema(schema_path().read_bytes())
    return schema
