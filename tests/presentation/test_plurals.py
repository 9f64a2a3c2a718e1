"""Nothing that is counted is said in the plural where it is one: no "1 clients"."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from banqup_tui.presentation.words import CATALOGUES, DOMAIN

PROGRAM = Path(__file__).parents[2] / "banqup_tui"
COUNTED = (
    "accounts attempts changes characters clients commands days deliveries documents drafts elements entries files"
    " folders hours integrations invoices keys letters levels lines links messages minutes movements packages rows"
    " seconds settings sources statements times tries values"
)
IN_PLURAL = re.compile(rf"\{{(\w+)[^}}]*\}} (?:(?!for|at|of|takes)[a-z]+ )?(?:{COUNTED.replace(' ', '|')})\b")
NEVER_ONE = re.compile(r"limit|most|[A-Z_]+")
"""A limit of the program."""
OF_SEVERAL = {
    "For {count} clients",
    "{count:count} clients use it",
    "The file holds {count} invoices; the first that can be read is shown.",
    "More is embedded in the PDF than is read; {count} files of it are.",
    "Argument {name!r} takes {nargs} values.",
}


def sentences() -> Iterator[str]:
    """Each that has no form for one: of the catalogue, and those that are put together where they are said."""
    with (CATALOGUES / "fr" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        yield from (entry.id for entry in read_po(file) if isinstance(entry.id, str))
    for path in PROGRAM.rglob("*.py"):
        if path.parent.name != "demo":  # the sample firm has hundreds
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(_part(part) for part in node.values)


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    named = [node for node in ast.walk(part) if isinstance(node, ast.Name | ast.Attribute)]
    last = named[0] if named else None
    name = last.attr if isinstance(last, ast.Attribute) else last.id if isinstance(last, ast.Name) else "0"
    return f"{{{name}}}"


def test_what_is_counted_has_a_form_for_one() -> None:
    found = {
        text for text in sentences() for name in IN_PLURAL.findall(text) if not NEVER_ONE.fullmatch(name)
    } - OF_SEVERAL
    assert not found, "\n".join(sorted(found))


def test_a_plural_without_a_form_for_one_is_seen() -> None:
    assert IN_PLURAL.search("{count} clients, {count2} documents")
    assert IN_PLURAL.search("{read} stored files were read")
    assert not IN_PLURAL.search("Deactivate {extension} for all clients")
