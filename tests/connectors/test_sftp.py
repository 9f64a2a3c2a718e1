"""SFTP, against OpenSSH's own server and asyncssh's: what arrives, under which name, and who is let in."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from banqup_tui.connectors.common.hidden_file import hidden_name
from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.connectors.sftp.connector import Sftp, SftpSettings
from banqup_tui.domain.secret import Secret, revealed
from tests.support.delivery_requests import BYTES, delivery_request, pdf_file
from tests.support.messages import raising, remedy, sentence
from tests.support.sftp import SSHD, Server, asyncssh_server, below, free_port, openssh, roll_forward, send


@pytest.fixture(params=["openssh", "asyncssh"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    if request.param == "asyncssh":
        async with asyncssh_server(tmp_path / "server") as made:
            yield made
        return
    if SSHD is None:
        pytest.skip("OpenSSH's sshd is not on this machine")
    try:
        started = openssh(tmp_path / "server")
        made = started.__enter__()
    except OSError as error:
        pytest.skip(f"sshd cannot be started here: {error}")
    try:
        yield made
    finally:
        started.__exit__(None, None, None)


async def test_a_document_appears_on_the_server(server: Server, store: Path) -> None:
    receipt = await send(below(server, "[external_id]/[folder]/[year]"), delivery_request(store))
    assert server.files() == ["PARVIS/purchases/2026/2026-11874.xml"]
    assert receipt.text.endswith("/PARVIS/purchases/2026/2026-11874.xml")
    assert (server.root / server.files()[0]).read_bytes() == BYTES


async def test_nothing_is_seen_before_the_commit_and_nothing_is_left_of_what_is_given_up(
    server: Server, store: Path
) -> None:
    async with Sftp().connect(below(server, "a")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        assert server.files() == [f"a/{hidden_name(delivery_request(store))}"]
        await channel.discard(resume_token)
        await channel.discard(resume_token)
        await channel.discard("nonsense")
    assert server.files() == []


async def test_another_file_of_the_same_name_keeps_its_place(server: Server, store: Path) -> None:
    (server.root / "2026-11874.xml").write_bytes(b"theirs")
    await send(server.settings(), delivery_request(store))
    await send(server.settings(), delivery_request(store, generation=2))
    assert server.files() == ["2026-11874.xml", "2026-11874_4f1c9a27-2.xml", "2026-11874_4f1c9a27.xml"]
    assert (server.root / "2026-11874.xml").read_bytes() == b"theirs"


async def test_a_name_that_is_taken_between_prepare_and_commit_is_left_alone(server: Server, store: Path) -> None:
    async with Sftp().connect(server.settings()) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        (server.root / "2026-11874.xml").write_bytes(b"theirs")
        receipt = await channel.commit(delivery_request(store), resume_token)
    assert (server.root / "2026-11874.xml").read_bytes() == b"theirs"
    assert receipt.reference == "2026-11874_4f1c9a27.xml"


async def test_many_documents_go_over_one_connection(server: Server, store: Path) -> None:
    whats = [
        delivery_request(store, b"%d" % at, delivery_id=f"{at:08}-0000-4000-8000-000000000000") for at in range(16)
    ]

    async with Sftp().connect(below(server, "[folder]")) as channel:

        async def deliver(what: DeliveryRequest) -> Receipt:
            return await channel.commit(what, await channel.prepare(what))

        receipts = await asyncio.gather(*(deliver(what) for what in whats))
    assert len({receipt.text for receipt in receipts}) == len(server.files()) == 16


async def test_a_large_document_arrives_whole(server: Server, store: Path) -> None:
    content = os.urandom(3_500_001)
    await send(server.settings(), delivery_request(store, content))
    assert (server.root / "2026-11874.xml").read_bytes() == content


async def test_rolling_forward_does_what_was_not_done_and_only_once(server: Server, store: Path) -> None:
    async with Sftp().connect(server.settings()) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    first = await roll_forward(server.settings(), delivery_request(store), resume_token)
    assert server.files() == ["2026-11874.xml"]
    assert await roll_forward(server.settings(), delivery_request(store), resume_token) == first
    (server.root / "2026-11874.xml").unlink()
    assert await roll_forward(server.settings(), delivery_request(store), resume_token) == first
    assert server.files() == []


async def test_a_rename_that_the_server_did_by_half_is_finished_not_repeated(server: Server, store: Path) -> None:
    async with Sftp().connect(server.settings()) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    os.link(server.root / hidden_name(delivery_request(store)), server.root / "2026-11874.xml")
    await roll_forward(server.settings(), delivery_request(store), resume_token)
    assert server.files() == ["2026-11874.xml"]


async def test_a_folder_that_cannot_be_seen_says_nothing_about_arrival(server: Server, store: Path) -> None:
    async with Sftp().connect(below(server, "a")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    (server.root / "a").rename(server.root / "b")
    with pytest.raises(Uncertain):
        await roll_forward(below(server, "a"), delivery_request(store), resume_token)


async def test_bytes_that_changed_are_not_sent(server: Server, store: Path) -> None:
    what = delivery_request(store)
    what.file.write_bytes(b"damaged")
    with raising(Rejected, match="damaged"):
        await send(server.settings(), what)
    assert server.files() == []


async def test_the_test_signs_in_compares_the_key_and_writes(server: Server, store: Path) -> None:
    first, second = await Sftp().test(below(server, "[external_id]/[folder]"), delivery_request(store))
    assert first.ok
    assert second.ok
    assert sentence(first).startswith("Signed in in 0.")
    assert sentence(first).endswith(" s, host key as known.")
    assert (server.root / "PARVIS/purchases").is_dir()
    assert server.files() == []


async def test_a_path_through_a_file_is_for_a_person_to_mend(server: Server, store: Path) -> None:
    (server.root / "taken").write_bytes(b"")
    steps = await Sftp().test(below(server, "taken/[folder]"), None)
    assert [step.ok for step in steps] == [True, False]
    assert "taken" in sentence(steps[1])
    with pytest.raises(NotSent):
        await send(below(server, "taken/[folder]"), delivery_request(store))


@pytest.mark.parametrize("where", ["rename.before", "rename.pdf", "rename.after"])
async def test_a_process_killed_at_the_rename_delivers_exactly_once(
    server: Server, store: Path, tmp_path: Path, where: str
) -> None:
    import msgspec

    settings = server.settings(pdf_along=True)
    (tmp_path / "settings").write_bytes(msgspec.json.encode(settings, enc_hook=revealed))
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDER, str(tmp_path), env={**os.environ, "BANQUP_KILL_AT": where}
    )
    assert await asyncio.wait_for(killed.wait(), 60) == -9
    what = delivery_request(store, pdf=pdf_file(store))
    receipt = await roll_forward(settings, what, (tmp_path / "remnant").read_text())
    assert receipt.text.endswith("2026-11874.xml + 2026-11874.pdf")
    assert server.files() == ["2026-11874.pdf", "2026-11874.xml"]


SENDER = """
import asyncio, sys
from pathlib import Path
import msgspec
from banqup_tui.connectors.sftp.connector import Sftp, SftpSettings
from banqup_tui.domain.secret import from_text
from tests.support.delivery_requests import delivery_request, pdf_file

async def main(root: Path) -> None:
    settings = msgspec.json.decode((root / "settings").read_bytes(), type=SftpSettings, dec_hook=from_text)
    async with Sftp().connect(settings) as channel:
        what = delivery_request(root / "store", pdf=pdf_file(root / "store"))
        resume_token = await channel.prepare(what)
        (root / "remnant").write_text(resume_token)
        await channel.commit(what, resume_token)

asyncio.run(main(Path(sys.argv[1])))
"""


async def refusal(settings: SftpSettings) -> NotSent:
    with pytest.raises(NotSent) as caught:
        async with Sftp().connect(settings):
            pass
    assert remedy(caught.value)
    return caught.value


async def test_an_unknown_key_is_never_accepted_and_is_shown(server: Server) -> None:
    unknown = await refusal(server.settings(host_key=""))
    assert unknown.fault is Fault.PERSON
    assert f"is not known yet: it is {server.fingerprint}" in sentence(unknown)
    assert "put it into Host key" in remedy(unknown)
    other = await refusal(server.settings(host_key="SHA256:" + "A" * 43))
    assert other.fault is Fault.PERSON
    assert f"is not the known one: it is now {server.fingerprint}" in sentence(other)


async def test_the_fingerprint_may_be_of_any_of_the_servers_keys(tmp_path: Path, store: Path) -> None:
    async with asyncssh_server(tmp_path / "server", key_type="ecdsa-sha2-nistp256") as server:
        await send(server.settings(), delivery_request(store))
        await send(
            server.settings(host_key=f"SHA256:{'A' * 43}, {server.fingerprint}="), delivery_request(store, generation=2)
        )
    assert len(server.files()) == 2


async def test_a_wrong_password_is_for_a_person_to_mend(tmp_path: Path) -> None:
    async with asyncssh_server(tmp_path / "server") as server:
        refused = await refusal(server.settings(password="wrong"))
    assert refused.fault is Fault.PERSON
    assert "did not accept the sign-in" in sentence(refused)
    assert "wrong" not in str(refused)


async def test_a_private_key_that_cannot_be_read_is_for_a_person_to_mend(tmp_path: Path) -> None:
    async with asyncssh_server(tmp_path / "server") as server:
        for text in ("nonsense", "-----BEGIN OPENSSH PRIVATE KEY----- AAAA -----END OPENSSH PRIVATE KEY-----"):
            refused = await refusal(server.settings(private_key=text))
            assert refused.fault is Fault.PERSON
            assert "private key cannot be read" in sentence(refused)


async def test_a_private_key_pasted_into_one_line_is_read(tmp_path: Path) -> None:
    from banqup_tui.connectors.sftp.session import private_key_of

    key = asyncssh.generate_private_key("ssh-ed25519")
    text = key.export_private_key("openssh", passphrase="x").decode()
    settings = SftpSettings(
        host="h", user="u", path="/", private_key=Secret(" ".join(text.split("\n"))), passphrase=Secret("x")
    )
    (read,) = private_key_of(settings) or []
    assert read.public_data == key.public_data


async def test_a_server_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    settings = SftpSettings(host="127.0.0.1", port=free_port(), user="u", password=Secret("p"), path="/")
    refused = await refusal(settings)
    assert refused.fault is Fault.INTEGRATION
    assert "refuses the connection" in sentence(refused)


async def test_a_server_that_does_not_answer_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banqup_tui.connectors.sftp.session.CONNECT_SECONDS", 0.3)

    async def listen_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(listen_only, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    refused = await refusal(SftpSettings(host="127.0.0.1", port=port, user="u", password=Secret("p"), path="/"))
    silent.close()
    await silent.wait_closed()
    assert refused.fault is Fault.INTEGRATION


@pytest.mark.parametrize("flush", [False, True])
async def test_a_server_puts_documents_on_its_disk_where_that_is_asked_for(
    tmp_path: Path, store: Path, flush: bool
) -> None:
    flushed: list[bytes] = []

    class Server(asyncssh.SFTPServer):
        def fsync(self, file_obj: Any) -> None:
            flushed.append(Path(os.fsdecode(file_obj.name)).read_bytes())

    async with asyncssh_server(tmp_path / "server", Server) as server:
        await send(server.settings(flush=flush), delivery_request(store))
    assert flushed == ([BYTES] if flush else [])


def test_settings_are_checked_before_they_are_kept() -> None:
    def codes(*, complete: bool = False, **values: str) -> list[str]:
        return [problem.reason.code for problem in Sftp().check(values, complete=complete)]

    assert codes(path="in/[folder]") == []
    assert codes(file_name="a/b") == ["setting.slash-in-name"]
    assert codes(host_key="abc") == ["setting.fingerprint"]
    assert codes(complete=True) == ["setting.password-or-key-missing"]
    assert codes(complete=True, private_key="x") == []


async def test_a_folder_that_disappears_while_the_connection_lasts_is_made_again(server: Server, store: Path) -> None:
    async with Sftp().connect(below(server, "a")) as channel:
        await channel.commit(delivery_request(store), await channel.prepare(delivery_request(store)))
        (server.root / "a").rename(server.root / "b")
        await channel.commit(delivery_request(store), await channel.prepare(delivery_request(store)))
    assert server.files() == ["a/2026-11874.xml", "b/2026-11874.xml"]


def test_secrets_are_hidden_wherever_the_settings_are_shown() -> None:
    settings = SftpSettings(
        host="sftp.example", user="u", password=Secret("geheim"), private_key=Secret("KEY"), path="/"
    )
    assert "sftp.example" in repr(settings)
    assert "geheim" not in repr(settings)
    assert "KEY" not in f"{[settings]}"


def test_the_library_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, banqup_tui.connectors.sftp.connector; print('asyncssh' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip() == "False"


async def side_by_side(settings: SftpSettings, store: Path, count: int) -> None:
    async def one(channel: Any, at: int) -> None:
        what = delivery_request(
            store, f"document {at}".encode() * 3000, delivery_id=f"{at:08}-1111-4222-8333-944455556666"
        )
        await channel.commit(what, await channel.prepare(what))

    async with Sftp().connect(settings) as channel:
        await asyncio.gather(*(one(channel, at) for at in range(count)))


async def test_documents_of_one_name_sent_side_by_side_all_keep_their_places(server: Server, store: Path) -> None:
    await side_by_side(below(server, "a"), store, 24)
    stored = {(server.root / name).read_bytes()[:12].decode() for name in server.files()}
    assert len(server.files()) == len(stored) == 24
    assert "a/2026-11874.xml" in server.files()


@pytest.mark.skipif(SSHD is None, reason="OpenSSH's sshd is not on this machine")
async def test_a_server_that_allows_one_session_gets_all_documents_through_it(tmp_path: Path, store: Path) -> None:
    with openssh(tmp_path / "server", "MaxSessions 1") as server:
        await side_by_side(below(server, "a"), store, 24)
        assert len(server.files()) == 24
