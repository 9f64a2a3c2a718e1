"""Settings checked as one types; an integration once more, for many clients, with older documents; and away again."""

import pytest

from banqup_tui.domain.extension import Installation
from banqup_tui.domain.messages import message, of_setting
from banqup_tui.protocol.messages import TestStep
from tests.screens.firm import BAKERY
from tests.screens.program import MIDDLE, NARROW, Opened, Program
from tests.screens.test_integrations import at_form, at_integrations


def installed(here: Program, installation_id: str) -> Installation:
    found = here.session.readers.installation(installation_id)
    assert found is not None
    return found


async def test_a_host_with_a_port_in_it_is_marked_in_the_form_of_the_firm(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "slash", *"sftp", "enter", "enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.write(":22")
        await here.sees("^^^", "no port here", "Correct first: Host")
        await here.press("backspace", "backspace", "backspace")
        await here.sees_no_more("Correct first")


async def test_a_setting_of_each_client_may_stay_empty_for_the_firm_and_says_so(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "slash", *"sftp", "enter", "enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.press("tab", "tab", "tab", "tab", "ctrl+u")
        await here.sees("each client's own", "May stay empty here")
        assert "Correct first" not in here.text


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_where_the_newest_document_would_go_is_seen_while_typing(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        here.server.preview = "/srv/PARVIS/2026-11874.xml"
        await at_form(here)
        await here.sees("The newest document would go to", "/srv/PARVIS/2026-11874.xml", "[number]", "2026-11874")
        await here.write("[")
        await here.sees_no_more("The newest document would go to")


async def test_the_variables_stand_under_the_path_at_80_columns(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await at_form(here)
        await here.sees("[external_id] PARVIS", "[folder] purchases")
        await here.press("tab", "tab")
        await here.sees_no_more("[external_id] PARVIS")


async def test_what_a_setting_is_stands_below_the_form_at_80_columns(opened: Opened) -> None:
    async with opened(NARROW) as here:
        here.server.preview = ""
        await at_form(here)
        await here.sees("The folder on this computer.")


async def test_what_only_the_connector_knows_stands_at_its_field(opened: Opened) -> None:
    async with opened() as here:
        reason = of_setting(message("setting.path-not-whole"), {"en": "Path", "fr": "Chemin"})
        wrong = TestStep(ok=False, message=reason, field="path")
        here.server.looked = (wrong,)
        await at_form(here)
        await here.sees("^^^^ it does not say where it begins.", "Correct first: Path")


async def test_older_documents_are_counted_anew_for_a_day_and_for_the_folders(opened: Opened) -> None:
    async with opened() as here:
        await at_form(here)
        await here.sees("Also send the 67 documents from before today")
        await here.press(*["tab"] * 7, "space")
        await here.sees("Since")
        await here.press("tab")
        await here.write("1/11/2026")
        await here.sees("documents since that day")
        await here.sees_no_more("67 documents")
        await here.write("x")
        await here.sees("a day is needed", "Correct first: Since")
        await here.press("backspace")
        await here.click("Other documents", shift=-3)
        await here.click(" Activate ", shift=2)
        await here.until(lambda: here.server.backfills)
        (backfill,) = here.server.backfills
        since = backfill.since
        assert since is not None
        assert since.isoformat() == "2026-11-01"
        assert backfill.expected == sum(
            one.client_id == BAKERY and one.approved and one.sort_date >= since
            for one in here.server.documents.values()
            if one.folder.value != "OTHER_DOCUMENTS"
        )


async def test_what_is_there_already_is_dimmed_and_goes_once_more_under_another_name(opened: Opened) -> None:
    async with opened() as here:
        await at_integrations(here)
        await here.press("a")
        await here.sees("Active for this client already", "SFTP, once more")
        await here.press("down", "down", "enter")
        await here.sees("Name", "SFTP 2")
        await here.press("backspace", "backspace")
        await here.sees("this client has one of this name already", "Correct first: Name")
        await here.write(" archive")
        await here.click(" Activate ", shift=2)
        await here.sees("SFTP archive is active for Boulangerie du Parvis SRL")


async def test_many_clients_get_an_integration_after_a_look_at_what_each_needs(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await here.press("3")
        await here.sees("Boulangerie du Parvis SRL")
        await here.press("space", "j", "space", "j", "space")
        await here.sees("3 clients selected")
        await here.press("a")
        await here.sees("1 of 3")
        await here.press("down", "down", "enter")
        await here.sees("3 clients › Add integration › SFTP", "Step 2 of 3")
        await here.press(*["tab"] * 4, "ctrl+u")
        await here.click(" Continue ", shift=2)
        await here.sees("Step 3 of 3", "2 ready, 1 has it already")
        await here.press("a")
        await here.sees("Add SFTP", "1 client is left out.")
        await here.press("enter")
        await here.sees("SFTP is active for 2 clients.")
        await here.until(
            lambda: sum(one.extension_id == "sftp" for one in here.server.integrations.values()) == 3, "the server"
        )


async def test_what_a_client_lacks_is_filled_in_from_the_table_one_after_the_other(opened: Opened) -> None:
    async with opened() as here:
        here.server.lack("sftp", "path")
        here.session.engine.wake()
        await here.until(lambda: "path" not in installed(here, "inst-sftp").settings, "the news")
        await here.press("3")
        await here.press("j", "space", "j", "space", "a")
        await here.sees("1 of 3")
        await here.press("down", "down", "enter")
        await here.sees("Step 2 of 3")
        await here.click(" Continue ", shift=2)
        await here.sees("2 need settings", "needs Path")
        await here.press("w")
        for name in ("/one", "/two"):
            await here.until(lambda: here.place == "FormScreen")
            form = here.app.screen
            await here.press(*["tab"] * 4)
            await here.write(name)
            await here.sees(name)
            await here.click(" Keep ", shift=2)
            await here.until(lambda form=form: here.app.screen is not form, "the next")
        await here.sees("2 ready")
        await here.press("escape")
        await here.until(lambda: here.place == "Clients")
        assert sum(one.extension_id == "sftp" for one in here.server.integrations.values()) == 1


async def test_deactivating_for_all_clients_says_how_many_and_asks(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "X")
        await here.sees("2 clients, 0 queued deliveries", "Deactivate for 2 clients")
        await here.press("tab", "enter")
        await here.sees("Exact Online is deactivated for 2 clients.")
        await here.until(lambda: not any(one.extension_id == "exact" for one in here.server.integrations.values()))


async def test_removing_says_what_is_under_way(opened: Opened) -> None:
    async with opened() as here:
        await at_integrations(here)
        await here.press("j", "x")
        await here.sees("Remove SFTP", "What was delivered stays there.")
        assert "queued" not in here.text.split("Remove SFTP")[1].splitlines()[1]
