"""Names on the wire and on the disk stay what they are, whatever becomes of the classes in the program.

`pinned_names.txt` has them all. A line of it may only be added: what stands there has been written by a program that
somebody uses, in a service's database, a copy or an outbox, or is said by another version at the other end.
"""

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import msgspec.inspect as shapes

import banqup_tui
from banqup_tui.backend.connector_host import messages as host
from banqup_tui.backend.intake.drop_process import messages as drop
from banqup_tui.connectors.interface import schema
from banqup_tui.connectors.sftp.connector import Sftp
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.formats.process import messages as reader
from banqup_tui.protocol import messages
from banqup_tui.protocol.commands import BODIES, Body
from banqup_tui.protocol.problems import Problem, ProblemType
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue, RescueKind
from banqup_tui.store.overlay import VisibleEffect

PINNED = Path(__file__).with_name("pinned_names.txt")
ENTITIES = {
    messages.EntityKind.SPACE: Space,
    messages.EntityKind.CLIENT: Client,
    messages.EntityKind.DOCUMENT: Document,
    messages.EntityKind.DELIVERY: Delivery,
    messages.EntityKind.INSTALLATION: Installation,
    messages.EntityKind.INTEGRATION: Integration,
    messages.EntityKind.SOURCE: Source,
    messages.EntityKind.UNFILED: Unfiled,
    messages.EntityKind.RULE: PlacingRule,
}
ANSWERS = {
    "instance": messages.Instance,
    "snapshot": messages.Snapshot,
    "documents": messages.DocumentsPage,
    "changes": messages.Changes,
    "commands": messages.Commands,
    "command results": messages.CommandResults,
    "test request": messages.TestRequest,
    "test result": messages.TestResult,
    "sign-in request": messages.SignInRequest,
    "sign-in": messages.SignIn,
    "returned to": messages.ReturnedTo,
    "mailbox password": messages.MailboxPassword,
    "backfill count": messages.BackfillCount,
    "extension": Extension,
    "problem": Problem,
}
ENUMERATIONS = {
    "problem types": ProblemType,
    "kinds of entities": messages.EntityKind,
    "operations": messages.Op,
    "lines of the outbox": OutboxQueue,
    "states of a command": CommandState,
    "effects drawn": VisibleEffect,
    "kinds of rescues": RescueKind,
}
PIPES = {"carrier": host, "drop process": drop, "reader process": reader}


def test_no_name_on_the_wire_or_on_the_disk_has_changed() -> None:
    now = "".join(f"{line}\n" for line in _names())
    assert now == PINNED.read_text(), "a name was added on purpose: python -m tests.protocol.test_pinned_names"


def test_a_command_says_its_own_kind_and_no_other_says_the_same() -> None:
    """A body without a `KIND` of its own would take that of the class that it comes from."""
    bodies = Body.__args__
    assert all("KIND" in vars(body) for body in bodies)
    assert set(BODIES.values()) == set(bodies)
    assert len(BODIES) == len(bodies)


def test_no_message_takes_its_tag_from_the_name_of_its_class() -> None:
    sources = {path: path.read_text() for path in Path(banqup_tui.__file__).parent.rglob("*.py")}
    assert [str(path) for path, text in sources.items() if "tag=True" in text] == []


def test_the_description_of_an_extension_does_not_name_the_class_of_its_settings() -> None:
    assert Sftp.settings.__name__ not in str(schema(Sftp.settings))


def _names() -> list[str]:
    lines = [f"command {kind}: {_shape(body)}" for kind, body in sorted(BODIES.items())]
    lines += [f"entity {kind}: {_shape(entity)}" for kind, entity in ENTITIES.items()]
    lines += [f"{name}: {_shape(answer)}" for name, answer in ANSWERS.items()]
    lines += [f"{name}: {', '.join(sorted(kinds))}" for name, kinds in ENUMERATIONS.items()]
    lines += [f"{name}: {', '.join(_tags_of(module))}" for name, module in PIPES.items()]
    return lines


def _tags_of(module: ModuleType) -> list[str]:
    made = [one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, msgspec.Struct)]
    return sorted(str(one.__struct_config__.tag) for one in made if one.__struct_config__.tag is not None)


def _shape(kind: Any) -> str:
    return _shape_of(shapes.type_info(kind), ())


def _shape_of(info: shapes.Type, within: tuple[type, ...]) -> str:
    """Names of fields and values of enumerations; names of classes do not come into it."""
    if isinstance(info, shapes.StructType):
        return "itself" if info.cls in within else _fields_of(info, (*within, info.cls))
    match info:
        case shapes.EnumType(cls=values):
            return "|".join(sorted(str(one.value) for one in values))
        case shapes.LiteralType(values=values):
            return "|".join(sorted(str(value) for value in values))
        case shapes.UnionType(types=types):
            return " or ".join(_shape_of(one, within) for one in types)
        case shapes.VarTupleType(item_type=item) | shapes.ListType(item_type=item):
            return f"[{_shape_of(item, within)} …]"
        case shapes.DictType(key_type=key, value_type=value):
            return f"{{{_shape_of(key, within)}: {_shape_of(value, within)} …}}"
        case shapes.TupleType(item_types=items):
            return f"[{', '.join(_shape_of(item, within) for item in items)}]"
    return type(info).__name__.removesuffix("Type").lower()


def _fields_of(info: shapes.StructType, within: tuple[type, ...]) -> str:
    """In an array the place is the name."""
    fields = [(field.encode_name, _shape_of(field.type, within)) for field in info.fields]
    tag = [repr(info.tag)] if info.tag is not None else []
    if info.array_like:
        return f"[{', '.join(tag + [of for _name, of in fields])}]"
    return f"{{{', '.join(tag + [f'{name} {of}' for name, of in sorted(fields)])}}}"


if __name__ == "__main__":
    PINNED.write_text("".join(f"{line}\n" for line in _names()))
