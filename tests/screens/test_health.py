"""An integration that does not send is seen in the client's tab and in the Store: since when, why, what to do."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState, Trouble
from banqup_tui.domain.messages import text_message
from tests.screens.firm import HAULIER, FirmServer, delivery, integration
from tests.screens.program import MIDDLE, NARROW, Opened, Program

SINCE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SILENT = text_message("sftp.example does not answer.")
REFUSED = {
    "state": IntegrationState.BROKEN, "trouble": Trouble.SIGN_IN, "failing_since": SINCE,
    "cause": text_message(
        "sftp.example did not accept the sign-in.", "Correct the user, the password or the private key."
    ),
    "last_sent_at": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
}  # fmt: skip


@pytest.fixture
def firm(firm: FirmServer) -> FirmServer:
    firm.put_integration(msgspec.structs.replace(firm.integrations["i-sftp"], **REFUSED))
    firm.put_integration(
        integration(
            "i-haulier",
            HAULIER,
            "sftp",
            failing_since=SINCE,
            failing_reason=SILENT,
        )
    )
    firm.put_integration(
        integration("i-ends", HAULIER, "local-folder", sign_in_until=datetime.now(UTC) + timedelta(days=3))
    )
    firm.put_delivery(delivery("p-01", "i-sftp", DeliveryState.FAILED, reason=REFUSED["cause"]))
    return firm


async def in_step(here: Program) -> None:
    await here.until(lambda: here.session.readers.integration("i-ends") is not None)


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_the_clients_tab_says_what_is_wrong_since_when_and_what_to_do(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await in_step(here)
        await here.press("i")
        await here.sees("Sign-in refused", "1 needs attention")
        await here.press("j")
        await here.sees("SFTP  sftp.example did not accept the sign-in.", "Failing since     22/11/2026")
        await here.sees("Correct the user, the password or the private key.", "2 failures: f")
        await here.sees("Last sending      20/11/2026")


async def test_a_receiver_without_an_answer_and_a_sign_in_that_ends_are_told_too(opened: Opened) -> None:
    async with opened() as here:
        await in_step(here)
        await here.press("3")
        await here.sees("Transports")
        await here.press("slash")
        await here.write("Ardenne")
        await here.press("enter", "i")
        await here.sees("! No answer", "! Sign-in ends", "1 without an answer")
        await here.sees("The sign-in ends soon.", "Signed in until")
        await here.press("j")
        await here.sees("sftp.example does not answer.")


async def test_the_store_says_for_how_many_clients_an_extension_works_and_for_which_it_does_not(opened: Opened) -> None:
    async with opened() as here:
        await in_step(here)
        await here.press("4")
        await here.sees("× Sign-in refused", "! Sign-in ends", "2 need attention")
        await here.until(lambda: here.screen.listing.keys)
        here.screen.listing.go_to("sftp")
        await here.sees("Sign-in refused, 1 client, since 22/11/2026", "sftp.example did not accept the sign-in.")
        await here.sees("No answer, 1 client, since 22/11/2026", "1 active, 1 needs attention", "2 failed")
