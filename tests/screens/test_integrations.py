"""Clients, their integrations, and the store: add, fill in, test, activate, install, configure."""

import pytest

from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.messages import TestStep
from tests.screens.program import MIDDLE, NARROW, Opened, Program


async def at_integrations(here: Program) -> None:
    await here.press("3", "enter")
    await here.sees("Exact Online", "SFTP", "Add integration")


async def at_form(here: Program, presses: tuple[str, ...] = ("down",)) -> None:
    """`Local folder` is the second of those that are installed."""
    await at_integrations(here)
    await here.press("a")
    await here.sees("1 of 2", "Not in the list? Install it in the Banqup Store first.")
    await here.press(*presses, "enter")
    await here.sees("Step 2 of 2", "Activate")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_the_integrations_of_a_client_with_their_state_and_settings(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await at_integrations(here)
        await here.press("j")
        await here.sees("sftp.example", "/in/[external_id]", "this client")
        await here.until(lambda: here.info == "2 integrations")


async def test_overview_says_who_the_client_is(opened: Opened) -> None:
    async with opened() as here:
        await at_integrations(here)
        await here.press("tab")
        await here.sees("PARVIS", "BE 0465.123.710", "Purchase invoices")
        await here.press("shift+tab")
        await here.sees("Exact Online")
        await here.click("Overview")
        await here.sees("Enterprise no.")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_an_integration_is_added_filled_in_tested_and_activated(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await at_form(here)
        await here.sees("/srv", "from the firm", "[x] Sales invoices")
        await here.click("Test connection")
        await here.sees("A file was written and removed.")
        await here.click(" Activate ", shift=2)
        await here.sees("Local folder is active for Boulangerie du Parvis SRL")
        await here.until(lambda: any(one.extension_id == "local-folder" for one in here.server.integrations.values()))
        await here.sees("Integrations 3")


async def test_a_mistake_in_a_path_is_marked_in_place_and_keeps_from_activating(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        await here.press("ctrl+u")
        await here.write("/in/[foldr]")
        await here.sees("^^^^^^^ [foldr] is unknown; did you mean [folder]?", "Correct first: Path", "this client")
        assert here.find("^^^^^^^")[0] == here.find("[foldr]")[0]
        await here.press("backspace", "backspace")
        await here.write("er]")
        await here.sees_no_more("^^^")
        await here.sees_no_more("Correct first")


async def test_help_beside_the_form_tells_of_the_field_one_is_in(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        await here.sees("The folder on this computer.", "[external_id]", "PARVIS")


async def test_what_a_test_has_found_stands_in_the_form(opened: Opened) -> None:
    async with opened() as here:
        here.server.test_steps = (
            TestStep(ok=True, message=text_message("Signed in.")),
            TestStep(ok=False, message=text_message("No file could be written.", "Correct the path.")),
        )
        await at_form(here)
        await here.click("Test connection")
        await here.sees("√ Signed in.", "× No file could be written. Correct the path.")


async def test_a_test_with_the_server_down_says_so(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        here.server.down = True
        here.session.engine.wake()
        await here.until(lambda: "not answering" in here.header)
        await here.click("Test connection")
        await here.until(lambda: any("×" in row for row in here.rows[2:]), "the reason")


async def test_in_a_field_letters_are_letters_and_escape_leaves_the_form(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        await here.press("q", "2", "question_mark", "full_stop", "j")
        await here.sees("/srvq2?.j")
        assert "Help" not in here.footer
        await here.press("escape")
        await here.until(lambda: here.place == "ClientScreen")
        assert here.focused == "Listing"


async def test_the_footer_of_the_form_says_what_enter_and_space_do_where_one_is(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        assert "Space" not in here.footer
        await here.press("tab", "tab")
        await here.until(lambda: here.footer == "Tab Next field  Space Tick  Esc Cancel")
        await here.press("shift+tab", "shift+tab", "shift+tab")
        await here.until(lambda: "Enter Cancel" in here.footer)
        await here.press("enter")
        await here.until(lambda: here.place == "ClientScreen")


async def test_folders_are_ticked_with_space(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        await here.press("tab", "tab", "space")
        await here.sees("[ ] Sales invoices")
        await here.press("enter")
        await here.sees("[x] Sales invoices")


async def test_a_form_keeps_what_was_typed_through_a_resize(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        await here.write("/x")
        await here.resize(*NARROW)
        await here.sees("/srv/x", "Step 2 of 2")
        await here.resize(44, 12)
        await here.sees("The window is 44 × 12.")
        await here.press("z")
        await here.resize(*MIDDLE)
        await here.sees("/srv/x")
        await here.write("y")
        await here.sees("/srv/xy")


async def test_cancelling_the_choice_adds_nothing(opened: Opened) -> None:
    async with opened() as here:
        await at_integrations(here)
        await here.press("a")
        await here.sees("1 of 2")
        await here.press("escape")
        await here.sees_no_more("1 of 2")
        assert "Not in the list" not in here.text
        assert here.place == "ClientScreen"


async def test_settings_of_an_integration_open_with_enter(opened: Opened) -> None:
    async with opened() as here:
        await at_integrations(here)
        await here.press("j", "enter")
        await here.sees("/in/[external_id]", "kept, never shown", "sftp.example")
        assert "this client" in here.text


async def test_pause_and_its_message(opened: Opened) -> None:
    async with opened() as here:
        await at_integrations(here)
        await here.press("p")
        await here.sees("Paused")
        await here.until(lambda: "u takes it back" in here.info)


async def test_a_client_without_integrations_says_what_to_do(opened: Opened) -> None:
    async with opened() as here:
        await here.press("3")
        await here.click("Café Le Bailli", times=2)
        await here.sees("No integrations yet.", "sent nowhere until one is added")
        await here.press("a")
        await here.sees("Add integration", "1 of 2")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_an_extension_is_installed_from_the_store(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await here.press("4", "G")
        await here.sees("WebDAV")
        await here.until(lambda: "a Install" in here.footer)
        await here.press("enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.write("/dav")
        await here.click(" Install ", shift=2)
        await here.sees("WebDAV is installed.", "4 installed")
        await here.until(lambda: any(one.extension_id == "webdav" for one in here.server.installations.values()))


async def test_a_required_setting_that_is_missing_keeps_from_installing(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "G", "a")
        await here.until(lambda: here.place == "FormScreen")
        await here.sees("Correct first: Path")
        await here.click(" Install ", shift=2)
        await here.press("tab")
        assert here.place == "FormScreen"
        await here.write("x")


async def test_an_installed_extension_is_configured(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.sees("/exact")
        await here.press("ctrl+u")
        await here.write("/new")
        await here.click(" Keep ", shift=2)
        await here.sees("Settings of Exact Online kept.")
        await here.until(lambda: here.server.installations["inst-exact"].settings["path"] == "/new")


async def test_what_does_not_load_says_why_and_cannot_be_installed(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "j", "j", "j")
        await here.sees("Does not load", "yuki does not load.")
        await here.press("enter")
        await here.until(lambda: "yuki does not load." in here.info)
        assert here.place == "StoreScreen"


async def test_the_store_shows_its_keys_from_the_beginning(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4")
        await here.until(lambda: "Enter Settings" in here.footer)
        assert "/ Filter" in here.footer


async def test_the_store_finds_a_package_by_its_name_while_it_is_typed(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "slash", *"webd")
        await here.sees("Channels", "WebDAV")
        await here.until(lambda: "Exact Online" not in here.text)
        await here.press("enter")
        await here.until(lambda: "1 of 5" in here.text)
        await here.press("escape")
        await here.sees("Exact Online")
        await here.press("slash", *"nobody", "enter")
        await here.sees("No extension is called that.")


async def test_tab_goes_to_the_details_in_the_store_and_back(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4")
        await here.sees("Exact Online")
        await here.press("tab")
        assert here.focused == "Page"
        await here.press("tab")
        assert here.focused == "Listing"
