"""From the clients to what failed, by cause: sent again, dismissed, written to a file, looked into."""

from pathlib import Path

import msgspec
import pytest

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import text_message
from tests.screens.firm import FirmServer, delivery
from tests.screens.program import MIDDLE, NARROW, Opened, Program

FULL = "The server has no room: 552 after {number} kB."


def is_broken(integration: Integration | None) -> bool:
    return integration is not None and integration.state is IntegrationState.BROKEN


@pytest.fixture
def firm(firm: FirmServer) -> FirmServer:
    """Thirty more failures of the bakery, of two causes."""
    for number in range(30):
        reason = FULL.format(number=number) if number < 20 else "The sign-in was refused."
        server_side = delivery(
            f"p-{number:02}", "i-sftp", DeliveryState.FAILED, reason=text_message(reason, "Make room.")
        )
        firm.put_delivery(server_side)
    return firm


async def go_there(here: Program) -> None:
    """Once the copy has them all."""
    await here.until(lambda: len(here.session.failures.groups()) == 4)
    await here.press("f")
    await here.sees("20  SFTP", "10  SFTP")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_what_failed_is_found_from_the_clients_by_cause(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await here.until(lambda: "f Failures" in " ".join(here.footer.split()))
        await go_there(here)
        await here.sees("Failures", "Count", "The sign-in was refused.")
        await here.sees("32 deliveries, 4 causes")
        await here.sees("Make room.", "Boulangerie du Parvis")
        await here.press("escape")
        await here.sees("work to do")


async def test_all_of_a_cause_are_sent_again_with_one_press_and_a_confirmation(opened: Opened) -> None:
    async with opened() as here:
        await go_there(here)
        await here.press("r")
        await here.sees("20 deliveries of 1 client", "Send 20 deliveries")
        await here.press("enter")
        await here.sees("20 deliveries queued again.")
        await here.until(lambda: "20  SFTP" not in here.text)
        queued = DeliveryState.QUEUED
        await here.until(lambda: sum(one.state is queued for one in here.server.deliveries.values()) >= 20)
        assert here.server.deliveries["p-20/i-sftp"].state is DeliveryState.FAILED


async def test_a_cause_is_dismissed_after_a_question(opened: Opened) -> None:
    async with opened() as here:
        await go_there(here)
        await here.press("j", "x")
        await here.sees("Dismiss 10 deliveries")
        await here.press("enter")
        await here.until(lambda: sum(one.dismissed for one in here.server.deliveries.values()) == 10)
        await here.sees_no_more("The sign-in was refused.")


async def test_an_integration_that_stopped_is_mended_with_its_failures(opened: Opened, firm: FirmServer) -> None:
    broken = {"state": IntegrationState.BROKEN, "cause": text_message("The sign-in was refused.", "Sign in again.")}
    firm.put_integration(msgspec.structs.replace(firm.integrations["i-sftp"], **broken))
    async with opened() as here:
        await here.until(lambda: is_broken(here.session.readers.integration("i-sftp")))
        await go_there(here)
        await here.sees("Needs attention")
        await here.press("r")
        await here.sees("1 integration goes on.")
        await here.press("enter")
        await here.until(lambda: here.server.integrations["i-sftp"].state is IntegrationState.ACTIVE)


async def test_the_documents_of_a_cause_are_opened_and_one_of_them(opened: Opened) -> None:
    async with opened() as here:
        await go_there(here)
        await here.press("enter")
        await here.sees("20 documents")
        await here.until(lambda: "Boulangerie du Parvis SRL" in here.info)
        await here.press("j", "enter")
        await here.sees("SFTP  failed", "Make room.")
        await here.press("escape")
        await here.sees("20 documents")
        await here.press("escape")
        await here.sees("4 causes")


async def test_a_cause_is_written_to_a_file(opened: Opened, tmp_path: Path) -> None:
    async with opened() as here:
        await go_there(here)
        await here.press("e")
        await here.sees("Export to")
        await here.press("ctrl+u")
        await here.write(str(tmp_path / "out"))
        await here.press("enter")
        await here.sees("20 rows saved")
        (file,) = (tmp_path / "out").glob("*.csv")
        assert len(file.read_text("utf-8-sig").splitlines()) == 21


async def test_with_nothing_left_the_place_says_so(opened: Opened, firm: FirmServer) -> None:
    for one in list(firm.deliveries.values()):
        firm.put_delivery(msgspec.structs.replace(one, dismissed=True))
    async with opened() as here:
        await here.until(lambda: not here.session.failures.any())
        await here.press("f")
        await here.until(lambda: "Nothing failed" in here.info)
