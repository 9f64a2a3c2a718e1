"""What a message says never becomes a path that leads elsewhere: not a hash, not an identifier in an address."""

from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from banqup_tui.backend.db.file_store import FileStore
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.source import Unfiled
from banqup_tui.domain.values import Sha256, Value
from banqup_tui.protocol import messages, paths
from banqup_tui.protocol.commands import BODIES, ImportFile, decode
from banqup_tui.store.files import FileCache, Spool

GOOD = "0123456789abcdef" * 4
ODD = [
    "",
    "../../victim",
    "/etc/passwd",
    GOOD.upper(),
    GOOD[1:],
    GOOD + "0",
    GOOD + "\n",
    GOOD[1:] + "\n",
    GOOD[:-1] + "/",
]


def wire_types() -> set[type[Value]]:
    """Every message, command and value that is in one."""
    found: set[type[Value]] = set()
    todo: list[Any] = [*BODIES.values(), *vars(messages).values()]
    while todo:
        one = todo.pop()
        if isinstance(one, type) and issubclass(one, Value) and one not in found:
            found.add(one)
            todo.extend(get_type_hints(one, include_extras=True).values())
        elif get_origin(one) is not None:
            todo.extend(get_args(one))
    return found - {Value}


def test_every_hash_of_the_wire_is_of_the_checked_type() -> None:
    seen = 0
    for kind in wire_types():
        for name, hint in get_type_hints(kind, include_extras=True).items():
            if "sha256" in name:
                seen += 1
                assert hint in (Sha256, Sha256 | None), f"{kind.__name__}.{name}"
    assert seen >= 4
    assert get_origin(Sha256) is Annotated


@pytest.mark.parametrize("odd", ODD)
def test_a_message_with_an_odd_hash_is_not_read(odd: str) -> None:
    body = msgspec.json.encode({"sha256": odd, "fileName": "a.xml"})
    with pytest.raises(msgspec.ValidationError):
        decode("IMPORT_FILE", body)
    good = decode("IMPORT_FILE", msgspec.json.encode({"sha256": GOOD, "fileName": "a.xml"}))
    assert good == ImportFile(sha256=GOOD, file_name="a.xml")
    for kind in (Document, Delivery, Unfiled):
        with pytest.raises(msgspec.ValidationError, match="sha256"):
            msgspec.convert({"sha256": odd}, kind)


@pytest.mark.parametrize("odd", ODD)
def test_no_store_takes_anything_else_for_a_hash(odd: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("of somebody")
    store, spool, cache = FileStore(tmp_path / "a/store"), Spool(tmp_path / "a/spool"), FileCache(tmp_path / "a/cache")
    cache.half().write_bytes(b"")
    for read in (store.path, store.has, spool.path, spool.has, cache.get):
        with pytest.raises(ValueError, match="SHA-256"):
            read(odd)
    cache.drop([odd, str(victim), "../../victim"])
    assert victim.exists()


def test_an_identifier_in_an_address_stays_one_part_of_it() -> None:
    assert paths.filled(paths.SIGN_IN, "s", sign_in_id="../../x?y#z") == "/v1/spaces/s/sign-ins/..%2F..%2Fx%3Fy%23z"
    assert paths.filled(paths.FILE, "s/..", sha256=GOOD) == f"/v1/spaces/s%2F../files/{GOOD}"
