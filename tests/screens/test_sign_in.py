"""Signing in at a provider from the form, in the browser; and fields that are asked only with some choices."""

import pytest

from banqup_tui.domain.extension import Category
from banqup_tui.protocol.problems import Problem
from banqup_tui.screens.form import sign_in
from banqup_tui.settings import UserSettings
from tests.screens.firm import EXTENSIONS, FirmServer, extension
from tests.screens.program import MIDDLE, NARROW, PLAIN, Opened, Program

BROWSER = {"x-when": {"sign_in_by": ["microsoft", "google"]}}
MAIL = {
    "type": "object",
    "required": ["host", "password", "sign_in"],
    "properties": {
        "host": {"type": "string", "x-look": "host", "x-titles": {"en": "Host"}},
        "sign_in_by": {
            "type": "string", "enum": ["password", "microsoft", "google"], "default": "password",
            "x-titles": {"en": "Sign in by"},
        },
        "password": {
            "type": "string", "writeOnly": True, "x-titles": {"en": "Password"},
            "x-when": {"sign_in_by": ["password"]},
        },
        "client_id": {"type": "string", "x-titles": {"en": "Application ID"}, **BROWSER},
        "sign_in": {"type": "string", "writeOnly": True, "x-look": "sign-in", "x-titles": {"en": "Sign-in"}, **BROWSER},
        "to": {"type": "string", "x-level": "client", "x-titles": {"en": "To"}},
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "POLL", 0.02)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def mail(firm: FirmServer) -> FirmServer:
    """A server that has a mail extension, to whose provider nobody goes by himself."""
    firm.known = (*EXTENSIONS, extension("mail", "E-mail", MAIL, category=Category.MAIL_AND_SIGNALS))
    firm.sign_ins.looks = 1_000_000
    return firm


async def at_mail(here: Program, *keys: str) -> None:
    """The form to install it, on the choice of how to sign in."""
    await here.until(lambda: any(one.id == "mail" for one in here.session.readers.extensions()), "the extension")
    await here.press("4", "slash", *"mail")
    await here.until(lambda: "WebDAV" not in here.text)
    await here.press("enter", "enter")
    await here.until(lambda: here.place == "FormScreen")
    await here.write("smtp.example.be")
    await here.press("tab", *keys)


async def at_sign_in(here: Program, *keys: str) -> None:
    """On the field that is a sign-in, with an application named."""
    await at_mail(here, "right", "tab")
    await here.write("app-1")
    await here.press("tab", *keys)


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_fields_are_there_only_with_the_choice_that_asks_for_them(
    opened: Opened, mail: FirmServer, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await at_mail(here)
        await here.sees("Password", "Correct first: Password")
        assert "Application ID" not in here.text
        await here.press("right")
        await here.sees("Application ID", "not signed in", "Correct first: Sign-in")
        assert "Password" not in here.text
        await here.press("left")
        await here.sees("Password")
        await here.sees_no_more("Application ID")


async def test_what_was_typed_is_there_again_with_its_field_and_not_kept_without_it(
    opened: Opened, mail: FirmServer
) -> None:
    async with opened() as here:
        await at_mail(here, "tab")
        await here.write("secret")
        await here.press("shift+tab", "right", "tab")
        await here.write("app-1")
        await here.sees("app-1")
        await here.press("shift+tab", "left")
        await here.sees("******")
        await here.press("right")
        await here.sees("app-1")
        await here.press("left")
        await here.click(" Install ", shift=2)
        await here.until(lambda: len(here.server.installations) == 4, "installed")
        (stored,) = [one for one in here.server.installations.values() if one.extension_id == "mail"]
        assert stored.settings == {"host": "smtp.example.be", "password": "secret"}


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_signed_in_in_the_browser_the_panel_closes_and_the_field_says_so(
    opened: Opened, mail: FirmServer, size: tuple[int, int]
) -> None:
    mail.sign_ins.looks = 2
    async with opened(size) as here:
        await at_sign_in(here)
        await here.until(lambda: "Enter Sign in" in here.footer)
        await here.press("enter")
        await here.sees("signed in, not kept yet")
        await here.sees_no_more("Sign in at Microsoft 365")
        await here.until(lambda: "Enter Sign in again" in here.footer)
        (asked,) = mail.sign_ins.begun
        assert (asked.extension_id, asked.field) == ("mail", "sign_in")
        assert asked.settings == {"host": "smtp.example.be", "sign_in_by": "microsoft", "client_id": "app-1"}
        await here.click(" Install ", shift=2)
        await here.until(lambda: any(one.extension_id == "mail" for one in mail.installations.values()), "installed")
        (stored,) = [one for one in mail.installations.values() if one.extension_id == "mail"]
        assert stored.settings["sign_in"] == "s-1"


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
@pytest.mark.parametrize("is_plain", [False, True])
async def test_the_whole_address_can_be_read_and_selected(
    opened: Opened, mail: FirmServer, size: tuple[int, int], is_plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_plain:
        monkeypatch.setenv("NO_COLOR", "1")
    mail.sign_ins.url = f"https://login.example/authorize?client_id=1&state={'s' * 540}end"
    async with opened(size, environment=PLAIN | ({"NO_COLOR": "1"} if is_plain else {})) as here:
        await at_sign_in(here, "space")
        await here.sees(
            "Sign in at Microsoft 365", "Open this address in a browser", "Waiting until you have signed in"
        )
        first = here.find("https://login")[1]
        last = here.find("end")[1]
        assert "".join(row.strip() for row in here.rows[first : last + 1]) == mail.sign_ins.url
        assert is_plain == ("┌─ Sign in at Microsoft 365" in here.text)
        await here.sees("cannot open http://localhost:40123/, copy the whole", "Cancel")
        assert "Open browser" not in here.text


async def test_in_the_smallest_window_the_address_scrolls_and_the_rest_stays(opened: Opened, mail: FirmServer) -> None:
    mail.sign_ins.url = f"https://login.example/authorize?client_id=1&state={'s' * 540}end"
    async with opened((60, 16)) as here:
        await at_sign_in(here, "space")
        await here.sees("https://login", "cannot open", "Copy address")
        await here.press(*["down"] * 12)
        await here.sees("end", "Copy address")
        await here.press(*["up"] * 12)
        await here.sees("https://login")


async def test_the_address_is_copied_by_a_key_and_a_button(
    opened: Opened, mail: FirmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(NARROW) as here:
        copied: list[str] = []
        monkeypatch.setattr(here.app, "copy_to_clipboard", copied.append)
        await at_sign_in(here, "enter")
        await here.sees("Copy address")
        await here.press("ctrl+y")
        await here.sees("Copied: the address.")
        await here.press("tab", "enter")
        await here.until(lambda: copied == [mail.sign_ins.url] * 2)


async def test_with_a_screen_here_the_browser_is_opened_by_a_button(
    opened: Opened, mail: FirmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_there = []

    async def open_outside(what: str) -> bool:
        opened_there.append(what)
        return True

    monkeypatch.setattr(sign_in, "open_outside", open_outside)
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    async with opened() as here:
        await at_sign_in(here, "enter")
        await here.until(lambda: "Enter Open browser" in here.footer)
        await here.press("enter")
        await here.sees("Opened in the browser.")
        assert opened_there == [mail.sign_ins.url]
        mail.sign_ins.looks = 0
        await here.sees("signed in, not kept yet")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_the_address_that_came_back_is_pasted_and_a_wrong_one_is_told(
    opened: Opened, mail: FirmServer, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await at_sign_in(here, "enter")
        await here.sees("Continue")
        await here.paste("http://localhost:40123/?code=")
        await here.press("enter")
        await here.sees("This is not the address. Copy the whole of it.", "Sign in at Microsoft 365")
        await here.press("ctrl+u")
        await here.paste("http://localhost:40123/?code=c\n  &state=s-1\n")
        await here.press("enter")
        await here.sees("signed in, not kept yet")
        assert mail.sign_ins.returned[-1] == mail.sign_ins.right


async def test_refused_it_says_why_and_is_tried_again(opened: Opened, mail: FirmServer) -> None:
    mail.sign_ins.looks, mail.sign_ins.refusal = 1, ("The provider said [no]: access_denied.", "Ask the administrator.")
    async with opened(NARROW) as here:
        await at_sign_in(here, "enter")
        await here.sees("The provider said [no]: access_denied.", "Ask the administrator.")
        await here.until(lambda: "Enter Try again" in here.footer)
        assert "https://login" not in here.text
        mail.sign_ins.refusal = None
        await here.press("enter")
        await here.sees("signed in, not kept yet")
        assert len(mail.sign_ins.begun) == 2


async def test_cancelled_everything_is_as_it_was(opened: Opened, mail: FirmServer) -> None:
    async with opened() as here:
        await at_sign_in(here, "enter")
        await here.sees("Sign in at Microsoft 365")
        await here.press("escape")
        await here.sees_no_more("Sign in at Microsoft 365")
        await here.sees("not signed in", "app-1", "Correct first: Sign-in")
        assert (here.place, here.focused) == ("FormScreen", "FormView")
        looked = mail.sign_ins.looked
        await here.press("tab", "shift+tab")
        assert mail.sign_ins.looked <= looked + 1


async def test_what_it_lacks_is_told_and_one_stands_there(opened: Opened, mail: FirmServer) -> None:
    mail.sign_ins.problem = Problem(
        type="invalid-settings", title="Application ID is missing.", remedy="Fill in Application ID.", field="client_id"
    )
    async with opened() as here:
        await at_mail(here, "right", "tab", "tab", "enter")
        await here.sees("× Application ID is missing. Fill in Application ID.")
        await here.write("app-2")
        await here.sees("app-2")
        await here.sees_no_more("is missing")


async def test_with_the_server_down_it_says_so(opened: Opened, mail: FirmServer) -> None:
    async with opened() as here:
        await at_sign_in(here)
        here.server.down = True
        await here.press("enter")
        await here.sees("× The server does not answer.")
        assert here.focused == "FormView"


@pytest.mark.parametrize("size", [NARROW, MIDDLE, (60, 16)])
async def test_what_a_provider_is_called_is_only_text(opened: Opened, mail: FirmServer, size: tuple[int, int]) -> None:
    mail.sign_ins.provider = "a[/b]c \x1b[31m ‮" + "漢" * 300
    mail.sign_ins.url = "https://login.example/[/b]\x1b]52;c;aGk=\x07?" + "漢" * 300
    async with opened(size, settings=UserSettings(language="fr", locale="fr_BE", signs="unicode")) as here:
        await at_sign_in(here, "enter")
        await here.sees("Annuler", "a[/b]c", "https://login.example/[/b]")
        panel = here.app.screen.focused
        assert panel is not None
        assert all(panel.render_line(y).cell_length == size[0] for y in range(panel.size.height))
        assert not any(letter in here.text for letter in "\x1b\x07‮")
