"""Looking at a document, and at what became of it."""

from pathlib import Path

import pytest

from banqup_tui.settings import UserSettings
from tests.screens.program import MIDDLE, NARROW, PLAIN, Opened, Program, found_in


async def open_document(here: Program, folder: str = "", keys: tuple[str, ...] = ()) -> None:
    await here.press("enter")
    if folder:
        if here.focused == "DocumentTable":
            await here.press("left")
        here.screen.tree_view.move_to_node(folder)
        await here.pilot.pause()
        await here.press("enter")
    elif here.focused == "FolderTree":
        await here.press("enter")
    await here.press(*keys, "enter")
    await here.until(lambda: here.place == "DocumentScreen", "a document")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_an_invoice_is_laid_out(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await open_document(here)
        await here.sees("Invoice 2026-11874", "Minoterie Saint-Hubert SA", "Farine", "214.86", "BE 0998.765.448")


async def test_a_bank_report_is_laid_out(opened: Opened) -> None:
    async with opened() as here:
        await open_document(here, "ENRICHED_MOVEMENT_REPORTS")
        await here.sees("MINOTERIE", "50.25", "129.75")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_another_file_is_shown_by_name_kind_and_size_with_its_download(
    opened: Opened, size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(size) as here:
        await open_document(here, "OTHER_DOCUMENTS")
        await here.sees("lettre.pdf", "application/pdf", "842", "Download")
        await here.press("d")
        await here.sees("Download to")
        await here.press("ctrl+u")
        await here.paste(str(tmp_path))
        await here.press("enter")
        await here.sees("Saved as")
        assert [path.read_bytes()[:5] for path in found_in(tmp_path, "*.pdf")] == [b"%PDF-"]


async def test_a_file_that_cannot_be_had_says_so_and_the_rest_is_shown(opened: Opened) -> None:
    async with opened() as here:
        await open_document(here, keys=("j", "j", "j"))
        await here.sees("INV-88213", "There is no such file")


async def test_tab_goes_through_lines_payment_deliveries_history_and_the_raw_file(opened: Opened) -> None:
    async with opened() as here:
        await open_document(here)
        await here.sees("Lines 2")
        payment, raw = "+++123/4567/89002+++", "<cbc:ID>2026-11874</cbc:ID>"
        for text in ("Quantity", payment, "Attempts", "Came in", raw, "Invoice 2026"):
            await here.press("tab")
            await here.sees(text)
        await here.press("shift+tab")
        await here.sees("cbc:ID")


async def test_a_click_on_a_tab_shows_it(opened: Opened) -> None:
    async with opened() as here:
        await open_document(here)
        await here.sees("Lines 2")
        await here.click("Deliveries")
        await here.sees("Attempts")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_details_say_of_each_delivery_what_happened_and_what_to_do(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await here.press(*here.into_table, "i")
        await here.sees("SFTP  failed", "The receiver's disk is full.", "Make room there, then resend.", "552 quota")
        await here.press("k")
        await here.sees("document 4f1c-9a27", "Exact Online  delivered")
        await here.until(lambda: "1 of 2 delivered" in here.info)


async def test_a_document_that_was_never_sent_says_so(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "j", "i")
        await here.sees("It has not been sent to any integration.")


async def test_a_document_is_sent_from_where_it_is_read(opened: Opened) -> None:
    async with opened() as here:
        await open_document(here, keys=("j",))
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("enter")
        await here.sees("2 deliveries queued for F26/004417")
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"))


async def test_a_failure_is_dismissed_after_a_question(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "x")
        await here.until(lambda: here.screen.overlay is not None, "a question")
        await here.press("escape")
        assert here.focused == "DocumentTable"


async def test_a_long_document_scrolls(opened: Opened) -> None:
    async with opened((80, 16)) as here:
        await open_document(here)
        await here.sees("Invoice 2026-11874")
        await here.press("G")
        await here.sees("+++123/4567/89002+++")
        await here.press("g")
        await here.sees("Invoice 2026-11874")


async def test_details_that_are_longer_than_the_window_scroll_by_pages(opened: Opened) -> None:
    async with opened((80, 16)) as here:
        await here.press(*here.into_table, "i")
        await here.sees("SFTP  failed")
        await here.press("pagedown")
        await here.sees_no_more("What happened")
        await here.press("ctrl+u")
        await here.sees("What happened")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
@pytest.mark.parametrize(("no_color", "signs"), [("", "unicode"), ("1", "unicode"), ("1", "ascii")])
async def test_a_credit_note_says_so_before_its_number_and_counts_against_the_rest(
    opened: Opened, size: tuple[int, int], no_color: str, signs: str
) -> None:
    sign, minus = ("<", "-") if signs == "ascii" else ("←", "−")
    settings = UserSettings(language="en", locale="en_GB", signs=signs)
    async with opened(size, settings=settings, environment={**PLAIN, "NO_COLOR": no_color}) as here:
        await here.press(*here.into_table)
        await here.sees(f"{sign}NC-2026-0219", f"{minus}211.75", " F26/004417")
        await here.press("j", "space", "j", "j", "j")
        await here.press("space")
        await here.until(lambda: "2 selected" in here.info, "two selected")
        assert "Gross 100.43 EUR" in here.info, "312.18 and a credit note of 211.75"
        await here.press("escape")
        await here.until(lambda: f"{sign} Credit note" in here.info, "its kind in words")
