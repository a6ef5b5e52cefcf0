"""Which official schema judges a form: FA(3) comes with a wheel, the others from a folder, if one was given."""

import threading
from pathlib import Path
from typing import Final

from lxml import etree

from ksef.fa3.schema import SchemaUnavailable, compile_schema, fa3_schema
from ksef.simulator.flavours import FA_3
from ksef.simulator.sending.forms import STRUCTURES, Structure


class _PerThread(threading.local):
    """lxml keeps the error log of a validation in the schema, so no two threads may share one."""

    def __init__(self) -> None:
        self.compiled: dict[Path, etree.XMLSchema] = {}


_per_thread: Final = _PerThread()


def find_schema(structure: Structure, *, folder: Path | None) -> etree.XMLSchema | None:
    """Return the schema of this form, or None where its file is not at hand."""
    if structure.form == FA_3:
        return fa3_schema()
    if folder is None:
        return None
    path = next(iter(sorted(folder.rglob(structure.schema_file))), None)
    if path is None:
        return None
    if path not in _per_thread.compiled:
        _per_thread.compiled[path] = _compile(path)
    return _per_thread.compiled[path]


def available_forms(folder: Path | None) -> list[str]:
    """Return the forms that a schema judges; SchemaUnavailable for a file that is none."""
    return [item.name for item in STRUCTURES.values() if find_schema(item, folder=folder) is not None]


def _compile(path: Path) -> etree.XMLSchema:
    try:
        return compile_schema(path.read_bytes())
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise SchemaUnavailable(f"{path} is not a schema: {error}") from error
