"""`make check` fails where a promise of docs/guarantees.md names no test, or a test that is not there."""

from pathlib import Path

from tools.guarantees import PAGE, faults

ROOT = Path(__file__).parent.parent.parent


def test_every_promise_is_held_by_a_test_that_exists() -> None:
    assert faults(PAGE.read_text(encoding="utf-8")) == []


def test_a_promise_without_a_test_is_a_fault() -> None:
    promises = "* Nothing is lost.\n  Ever.\n* Nothing is doubled.\n"
    page = f"# Guarantees\n\n## Promised\n\n{promises}\n## Not promised\n\n* The moon.\n"
    assert [fault.split(": ", 1)[0] for fault in faults(page)] == ["docs/guarantees.md:5", "docs/guarantees.md:7"]


def test_a_test_that_was_renamed_or_removed_is_a_fault() -> None:
    here = "tests/tools/test_guarantees.py"
    page = (
        f"## Promised\n\n* Held (`{here}::test_a_promise_without_a_test_is_a_fault`).\n* Not (`{here}::test_gone`).\n"
    )
    assert faults(page, ROOT) == [f"docs/guarantees.md:4: there is no {here}::test_gone"]


def test_a_page_whose_promises_cannot_be_found_is_a_fault() -> None:
    assert faults("## Promises\n\n* Nothing is lost.\n") == ["docs/guarantees.md: no promise was found"]
