"""Finds the strings that are to be translated, for `make messages`, in the syntax tree of each module.

Babel's own extractor reads tokens and passes over a call inside an f-string: `f"{sign('error')} {_('Failed')}"`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from banqup_tui.connectors.presets import read_preset, words

Found = tuple[int, str, "str | tuple[str, ...]", list[str]]

PACKAGE = Path(__file__).parent.parent / "banqup_tui"


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


def extract_preset(
    fileobj: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """The English texts of a preset, which `presentation.words.own_text` translates."""
    preset = read_preset(Path(fileobj.name).stem, fileobj.read())
    texts = [preset.description, *preset.notes]
    for setting in preset.settings.values():
        texts += [text for text in (setting.title, setting.help) if text]
    for text in texts:
        yield 1, "_", words(text)["en"], []


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
