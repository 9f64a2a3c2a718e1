"""Finds the strings that are to be translated, for `make messages`, in the syntax tree of each module.

Babel's own extractor reads tokens and passes over a call inside an f-string: `f"{sign('error')} {_('Failed')}"`.
It also knows only what is marked. Sentences that come to the terminal as English text, from the service, from
connectors, from the reading of a file, are written where nothing of the terminal may be imported; they are found here
by where they stand, and go into the catalogue with the context `told`. `written.told` looks them up.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

Found = tuple[int, str, "str | tuple[str, ...]", list[str]]

PACKAGE = Path(__file__).parent.parent / "banqup_tui"
TOLD = "told"
_TABLES = {
    "store/outbox_rescue.py",
}  # fmt: skip
"""Modules in which every string that is a sentence is one for the user."""
_TELLING = {
    "NotSent", "Rejected", "Uncertain", "SettingProblem", "TemplateProblem", "Flaw", "Receipt",
}  # fmt: skip
"""What is called with sentences in other modules of these packages."""
_OF_A_WORD = {"TemplateProblem", "Flaw"}
"""Of these, `unknown` alone is a reason too."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_WITHIN = (
    "backend/", "connectors/", "store/", "sync/", "domain/path_template.py", "domain/setting_rules.py",
)  # fmt: skip


def extract(
    fileobj: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Line, function, its strings, no comments: what Babel asks of an extraction method."""
    tree = ast.parse(fileobj.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords:
            texts = tuple(_constant(argument) for argument in node.args)
            if texts and all(texts[:2]):
                yield node.lineno, node.func.id, texts[0] if len(texts) == 1 else texts, []
    yield from _helps(tree, Path(fileobj.name).resolve())
    for line, sentence in _told(tree, Path(fileobj.name).resolve()):
        yield line, "NP_", (TOLD, sentence), []


def _helps(tree: ast.Module, path: Path) -> Iterator[Found]:
    """The help of the commands of the command line: the docstrings of the functions that click makes commands of."""
    if path.is_relative_to(PACKAGE) and path.relative_to(PACKAGE).as_posix().startswith("cli/"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any(map(_makes_command, node.decorator_list)):
                text = ast.get_docstring(node)
                if text:
                    yield node.lineno, "_", text, []


def _makes_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")


def _constant(argument: ast.expr) -> str:
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def _told(tree: ast.Module, path: Path) -> Iterator[tuple[int, str]]:
    place = path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else ""
    if place in _TABLES:
        for node in _strings(tree):
            text = template(node)
            if text.endswith((".", ". {detail}")) or text.startswith(("The XML inside",)):
                yield node.lineno, text.removesuffix(" {detail}")
    if place.startswith(_WITHIN):
        named = _named(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TELLING:
                for argument in _arguments(node):
                    for branch in _branches(argument, named):
                        text = template(branch)
                        if (text and node.func.id in _OF_A_WORD) or len(_WORD.findall(re.sub(r"{\w+}", "", text))) > 1:
                            yield branch.lineno, text


def _named(tree: ast.Module) -> Mapping[str, list[ast.expr]]:
    """What is assigned to each name, anywhere in the module."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


def _strings(tree: ast.Module) -> Iterator[ast.expr]:
    """Every string of a module but its docstrings, and those within another."""
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            passed_over.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed_over.update(map(id, node.values))
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in passed_over:
            yield node


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args[:1] if isinstance(call.func, ast.Name) and call.func.id in _OF_A_WORD else call.args
    yield from (word.value for word in call.keywords if word.arg in ("sentence", "remedy", "reason", "text"))


def _branches(node: ast.expr, named: Mapping[str, list[ast.expr]]) -> Iterator[ast.expr]:
    """The strings that an argument may be."""
    if isinstance(node, ast.IfExp):
        yield from _branches(node.body, named)
        yield from _branches(node.orelse, named)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _branches(value, named)
    elif isinstance(node, ast.Name):
        for value in named.get(node.id, ()):
            yield from _branches(value, {})
    else:
        yield node


def template(node: ast.expr) -> str:
    """The text of a string; of an f-string with a name for each place: `The folder {directory} is full.`"""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts: list[str] = []
    for number, part in enumerate(node.values):
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            parts.append(f"{{{_name(part.value) or f'value{number}'}}}")
    return "".join(parts)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call) and len(node.args) == 1:
        return _name(node.args[0])
    return ""
