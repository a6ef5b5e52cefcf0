"""No transaction is open while KSeF is asked, as far as the syntax tree can tell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import APPS, Function, called_name, calls, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.source import Module

pytestmark = pytest.mark.architecture

TRANSACTIONS = {"tenant_transaction", "transaction.atomic", "_writing"}
FUNCTIONS: dict[str, tuple[Module, Function]] = {
    name: (module, node) for module in modules(*APPS) for name, node in module.functions()
}


def imported_names(module: Module) -> dict[str, str]:
    """What the names of a module stand for: `sending` for invoices.services.sending, `reach` for its function."""
    names = {
        f"{node.name}": f"{module.name}.{node.name}"
        for node in module.tree.body
        if isinstance(node, Function.__value__)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


IMPORTED = {module.name: imported_names(module) for module in modules(*APPS)}


def targets(module: Module, part: ast.AST) -> Iterator[str]:
    """The functions of the portal that are called there, by their qualified names."""
    for call in calls(part):
        first, _dot, rest = called_name(call).partition(".")
        meant = IMPORTED[module.name].get(first, first)
        yield f"{meant}.{rest}" if rest else meant


def calls_gateway(part: ast.AST) -> bool:
    return any(called_name(call).split(".")[0] in {"gateway", "httpx"} for call in calls(part))


def functions_that_ask_ksef() -> set[str]:
    """Those that call the gateway, and those that call them."""
    asking = {name for name, (_module, node) in FUNCTIONS.items() if calls_gateway(node)}
    while more := {
        name
        for name, (module, node) in FUNCTIONS.items()
        if name not in asking and any(target in asking for target in targets(module, node))
    }:
        asking |= more
    return asking


ASKING = functions_that_ask_ksef()


def open_transactions(node: Function) -> Iterator[ast.With]:
    for part in ast.walk(node):
        if isinstance(part, ast.With) and any(
            isinstance(item.context_expr, ast.Call) and called_name(item.context_expr) in TRANSACTIONS
            for item in part.items
        ):
            yield part


def test_those_that_ask_ksef_are_found() -> None:
    """The rule below is worth as much as this list."""
    expected = {
        "accounts.services.ksef_connecting.connect_with_token",
        "accounts.services.ksef_access.obtain_access",
        "accounts.views.ksef_access.renew",
        "accounts.views.ksef_access.token",
        "invoices.services.ksef_sessions.open_or_reuse",
        "invoices.services.reconciliation.find_posted",
        "invoices.services.fetching.receive",
        "invoices.services.sending.deliver",
        "invoices.services.upo.fetch_upo",
        "invoices.tasks.run_entry",
    }
    assert expected <= ASKING
    assert not {
        name for name in ASKING if name.startswith(("invoices.views", "roles", "invoices.services.outcomes"))
    }


def test_no_transaction_is_open_while_ksef_is_asked() -> None:
    """House rule 6: a slow KSeF must hold no lock, and a rolled-back answer would be a lost answer."""
    found = [
        module.at(block)
        for module, node in FUNCTIONS.values()
        for block in open_transactions(node)
        for statement in block.body
        if calls_gateway(statement) or any(target in ASKING for target in targets(module, statement))
    ]
    assert found == []


def test_no_function_that_asks_ksef_is_one_transaction() -> None:
    """Nor by a decorator."""
    found = [
        name
        for name in ASKING
        for decorator in FUNCTIONS[name][1].decorator_list
        if "atomic" in ast.unparse(decorator)
    ]
    assert found == []


def test_views_that_ask_ksef_open_their_own_transactions() -> None:
    """Any other view runs in the transaction of its request (roles.middleware)."""
    for name in ASKING:
        module, node = FUNCTIONS[name]
        is_view = module.layer == "views" and not name.rpartition(".")[2].startswith("_")
        if is_view:
            assert "own_transactions" in [ast.unparse(decorator) for decorator in node.decorator_list], name
