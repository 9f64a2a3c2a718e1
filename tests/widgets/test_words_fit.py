"""The words of every language fit where they stand on a terminal of 80 columns."""

from collections.abc import Iterator

import pytest

from banqup_tui.actions.moves import GROUP_NAMES
from banqup_tui.actions.places import Place
from banqup_tui.actions.registry import help_of
from banqup_tui.presentation.signs import STATUSES, UNDECIDED, WITHDRAWN, sign
from banqup_tui.presentation.words import languages, pgettext, use_language
from banqup_tui.widgets.document_table.columns import STATUS_WIDTH
from banqup_tui.widgets.panels.help import HelpGroup, side
from banqup_tui.widgets.strips import width_of

HELP_WIDTH = 76
HELP_COLUMN = HELP_WIDTH // 2 + 1


@pytest.fixture(params=languages())
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield request.param
    use_language("en")


def test_the_status_of_a_document_is_written_out(language: str) -> None:
    width = STATUS_WIDTH - 2
    words = [status.word for status in (*STATUSES.values(), UNDECIDED, WITHDRAWN)]
    assert [word for word in words if width_of(word) > width] == []


@pytest.mark.parametrize("place", list(Place))
def test_the_help_of_a_place_is_not_cut(language: str, place: Place) -> None:
    cut = []
    for group, keys in help_of(place):
        groups = [HelpGroup(pgettext("heading", GROUP_NAMES[group]), keys)]
        for column, end in ((0, HELP_COLUMN - 2), (HELP_COLUMN, HELP_WIDTH)):
            if (column == 0) == (GROUP_NAMES[group] in ("Move", "Find", "Everywhere")):
                cut += [str(line) for line in side(groups, column, end, airy=False) if sign("cut") in str(line)]
    assert cut == []
