"""The portal's own code as syntax trees, for rules that no linter knows."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "invoices", "accounts", "roles")
PACKAGES = (*APPS, "ksef")

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"

    @property
    def is_migration(self) -> bool:
        return ".migrations." in self.name

    @property
    def layer(self) -> str:
        """The part inside the app: views, services, domain ..."""
        return [*self.name.replace("accounts.identity", "identity", 1).split("."), ""][1]

    def functions(self) -> Iterator[tuple[str, Function]]:
        """All functions with their qualified names, methods and nested ones included."""
        yield from _functions(self.tree, self.name)

    def public_functions(self) -> Iterator[tuple[str, Function]]:
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield f"{self.name}.{node.name}", node


def _functions(parent: ast.AST, name: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name}.{node.name}", node
            yield from _functions(node, f"{name}.{node.name}")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{name}.{node.name}")


@cache
def modules(*packages: str) -> tuple[Module, ...]:
    found = []
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, path, ast.parse(path.read_text())))
    return tuple(found)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call))


def called_name(call: ast.Call) -> str:
    """What is called, as it is written: `transaction.on_commit`, `Invoice.objects.create`."""
    return dotted(call.func)


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func) + "()"
    return "?"
