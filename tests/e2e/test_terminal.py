"""The terminal is left as it was, whatever ends the program; keys count from the first; every terminal is taken."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from banqup_tui.cli import exit_codes
from tests.support import papers
from tests.support.local_setup import PROGRAM, SECONDS, LocalSetup, setup_in
from tests.support.terminal import Terminal

FIRST_FRAME = "Client documents"
FAR_AWAY = "株式会社さくら貿易 – Œuvre"


@pytest.fixture(scope="module")
def shared_setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSetup]:
    """One client with a document of a sender in Japan, copied to this computer."""
    with setup_in(tmp_path_factory.mktemp("desk")) as setup:
        client_id = setup.add_client()
        bill = papers.invoice(number="F1", seller=papers.company(FAR_AWAY, "0922222253"))
        setup.add_documents(client_id, {"bill.xml": bill})
        assert setup.banqup("sync").returncode == 0
        yield setup


@pytest.fixture
def terminal(shared_setup: LocalSetup) -> Terminal:
    return opened(shared_setup)


def opened(shared_setup: LocalSetup, **environment: str) -> Terminal:
    terminal = shared_setup.real_terminal(columns=100, rows=30, **environment)
    terminal.wait_for(FIRST_FRAME)
    return terminal


@pytest.fixture
def fork(shared_setup: LocalSetup) -> Terminal:
    """For tests in which the start has no part."""
    fork = shared_setup.terminal(columns=100, rows=30)
    fork.wait_for(FIRST_FRAME)
    return fork


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (signal.SIGTERM, exit_codes.TERMINATED),
        (signal.SIGHUP, exit_codes.HUNG_UP),
    ],
)
def test_a_signal_ends_the_program_and_leaves_the_terminal_as_it_was(
    terminal: Terminal, sent: signal.Signals, code: int
) -> None:
    assert not terminal.is_as_before
    terminal.process.send_signal(sent)
    assert terminal.wait_for_end() == code
    assert terminal.is_as_before


def test_leaving_with_q_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.press("q")
    assert terminal.wait_for_end() == exit_codes.OK
    assert terminal.is_as_before


def test_a_terminal_that_takes_nothing_more_is_left_all_the_same(fork: Terminal) -> None:
    """As after Ctrl+S, or where the line has broken: nothing is read of what the program draws."""
    for _ in range(60):
        fork.press("?", "escape")
    fork.process.send_signal(signal.SIGTERM)
    assert fork.process.wait(SECONDS) == exit_codes.TERMINATED


def test_a_program_whose_window_is_gone_ends(fork: Terminal) -> None:
    fork.hang_up()
    assert fork.process.wait(SECONDS) == exit_codes.HUNG_UP


@pytest.mark.parametrize("key", ["enter", "\n"])
def test_enter_typed_ahead_opens_the_first_client(shared_setup: LocalSetup, key: str) -> None:
    terminal = shared_setup.real_terminal(columns=100, rows=30)
    terminal.press(key)
    terminal.wait_for("Purchase invoices")


def test_enter_as_soon_as_the_first_frame_is_there_opens_the_first_client(fork: Terminal) -> None:
    fork.press("enter")
    fork.wait_for("Purchase invoices")


def test_several_keys_typed_ahead_act_one_after_another(shared_setup: LocalSetup) -> None:
    terminal = shared_setup.real_terminal(columns=100, rows=30)
    terminal.press("3", "enter", "?")
    terminal.wait_for("Keys: clients")


def test_ctrl_c_says_in_the_users_language_how_to_leave(shared_setup: LocalSetup) -> None:
    terminal = shared_setup.terminal(columns=100, rows=30, LC_ALL="fr_BE.UTF-8", LANGUAGE="fr")
    terminal.wait_for("Documents")
    terminal.press("\x03")
    terminal.wait_for("Appuyez sur q pour quitter le programme.")
    terminal.press("q")
    assert terminal.wait_for_end() == exit_codes.OK


def test_bytes_that_are_no_letters_do_not_end_the_program(fork: Terminal) -> None:
    os.write(fork._master, b"\xe9\xff\xc3")
    fork.press("enter")
    fork.wait_for("Purchase invoices")


@pytest.mark.parametrize("term", ["xterm", "vt100"])
def test_with_few_colours_the_cursor_of_a_menu_is_seen(shared_setup: LocalSetup, term: str) -> None:
    terminal = opened(shared_setup, TERM=term, COLORTERM="")
    assert terminal.is_reversed(papers.BAKERY.name)
    terminal.press(".")
    terminal.wait_until(lambda _screen: terminal.is_reversed("Open"), what="a cursor in the menu")


def test_a_theme_of_the_settings_is_taken_with_few_colours_too(shared_setup: LocalSetup) -> None:
    settings = shared_setup.dirs.config / "config.toml"
    settings.write_text('theme = "dark"\n', encoding="utf-8")
    try:
        assert not opened(shared_setup, TERM="xterm", COLORTERM="").is_reversed(papers.BAKERY.name)
    finally:
        settings.unlink()


def ran(shared_setup: LocalSetup, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={**os.environ, **shared_setup.environment, **environment},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def test_without_a_terminal_the_program_says_so_and_ends(shared_setup: LocalSetup) -> None:
    done = ran(shared_setup)
    assert done.returncode == exit_codes.NO_TERMINAL
    assert done.stdout == b""
    assert b"only be shown in a terminal" in done.stderr


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_screen_is_told_so(shared_setup: LocalSetup, term: str) -> None:
    terminal = shared_setup.real_terminal(TERM=term)
    assert terminal.wait_for_end() == exit_codes.NO_TERMINAL
    terminal.settle()
    assert "This terminal cannot show a screen" in terminal.text
    assert terminal.is_as_before


@pytest.mark.parametrize("shell", ["bash_source", "zsh_source"])
def test_a_shell_that_asks_for_completion_gets_it(shared_setup: LocalSetup, shell: str) -> None:
    assert b"banqup" in ran(shared_setup, _BANQUP_COMPLETE=shell).stdout


def test_commands_are_completed(shared_setup: LocalSetup) -> None:
    done = ran(shared_setup, _BANQUP_COMPLETE="bash_complete", COMP_WORDS="banqup docu", COMP_CWORD="1")
    assert done.stdout == b"plain,documents\n"


def test_a_locale_that_does_not_have_a_letter_gets_a_question_mark(shared_setup: LocalSetup) -> None:
    done = ran(shared_setup, "documents", PYTHONIOENCODING="latin-1")
    assert done.returncode == exit_codes.OK
    assert "?????????" in done.stdout.decode("latin-1")


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_mistake_of_the_program(shared_setup: LocalSetup, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, "clients"],
        env={**os.environ, **shared_setup.environment}, capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == exit_codes.OK
    assert b"mistake" not in done.stderr


@pytest.mark.parametrize("place", ["2", "3", "4"])
def test_letters_that_come_with_the_slash_are_searched_and_are_no_commands(fork: Terminal, place: str) -> None:
    fork.type(f"{place}/xyz")
    fork.wait_for("/  xyz")


def test_keys_that_come_in_one_packet_go_to_what_the_ones_before_have_opened(fork: Terminal) -> None:
    fork.type(":banqup store")
    fork.wait_for("› banqup store")
    fork.press("escape")
    fork.wait_until(lambda text: "› banqup store" not in text, what="the palette to close")
    fork.type("4/local folder\ra/srv")
    fork.wait_for("/srv")
    fork.wait_for("Test connection")
