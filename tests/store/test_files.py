"""Bytes on this computer: whole or not there, and gone when nobody needs them."""

import hashlib
import time
from pathlib import Path

from banqup_tui.store.files import FileCache, Spool


def test_a_file_in_the_spool_is_whole_and_named_by_its_hash(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    source = tmp_path / "invoice.xml"
    source.write_bytes(b"<Invoice/>")
    with spool.taken(source) as sha256:
        assert spool.path(sha256).read_bytes() == b"<Invoice/>"
    assert sha256 == hashlib.sha256(b"<Invoice/>").hexdigest()
    assert [path.name for path in spool.directory.iterdir()] == [sha256]


def test_the_spool_is_tidied_but_for_what_waits_and_what_is_new(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    sources = [(tmp_path / name, None) for name in ("waits", "done")]
    for source, _ in sources:
        source.write_text(source.name)
    with spool.all_taken(sources) as taken:
        waits, done = map(str, taken)
    for source, _ in sources:
        source.unlink()
    (tmp_path / ".half").write_bytes(b"")
    spool.keep_only([waits])
    assert spool.path(done).exists()
    spool.keep_only([waits], now=time.time() + 100_000)
    assert [path.name for path in tmp_path.iterdir()] == [waits]


def test_the_cache_never_drops_what_it_has_just_taken(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, cap=5)
    half = cache.half()
    half.write_bytes(b"x" * 10)
    large = "1" * 64
    assert cache.keep(half, large).exists()
    cache.drop([large])
    assert cache.get(large) is None


def test_bytes_whose_command_is_about_to_be_given_are_not_dropped(tmp_path: Path) -> None:
    spool, other = Spool(tmp_path / "spool"), Spool(tmp_path / "spool")
    source = tmp_path / "invoice.xml"
    source.write_bytes(b"<Invoice/>")
    with spool.taken(source) as sha256:
        other.drop_unless(lambda _files: set(), {sha256})
        assert spool.path(sha256).exists()
    other.drop_unless(lambda files: files, {sha256})
    assert spool.path(sha256).exists()
    other.drop_unless(lambda _files: set(), {sha256})
    assert not spool.path(sha256).exists()
