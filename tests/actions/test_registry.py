"""Keys, menu, footer and docs all come from the actions."""

import pytest

from banqup_tui.actions import reference
from banqup_tui.actions.context import Action
from banqup_tui.actions.moves import MOVES
from banqup_tui.actions.places import Place
from banqup_tui.actions.registry import ACTIONS, BY_ID, actions_of, bindings_of, clashes, footer_of, help_of, menu_of
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.presentation.messages import sentence_of, texts_by_code
from tests.actions.fakes import a_context, a_delivery, a_document, an_integration


@pytest.mark.parametrize("place", Place)
def test_no_key_means_two_things_in_one_place(place: Place) -> None:
    assert list(clashes(place)) == []


def test_every_binding_has_a_name_of_its_own_for_a_keymap() -> None:
    names = [action.id for action in ACTIONS] + [move.id for move in MOVES]
    assert len(names) == len(set(names))
    assert all(binding.id for place in Place for binding in bindings_of(place))


def test_the_keys_page_is_in_step_with_the_program() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run python -m banqup_tui.actions.reference"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_says_what_it_is_and_what_it_does(action: Action) -> None:
    assert action.name()
    assert action.help().endswith(".")
    assert action.places


@pytest.mark.parametrize("place", Place)
def test_asking_what_is_possible_never_fails_even_where_nothing_is_selected(place: Place) -> None:
    context = a_context(place=place, client=None)
    for action in actions_of(place):
        reason = action.availability(context)
        assert reason is None or reason.code in texts_by_code()
        assert action.title(context)
        assert action.short(context)
        action.note(context)


def test_the_menu_of_a_failed_document_stands_as_in_the_picture() -> None:
    one = a_document()
    context = a_context(
        documents=[one],
        integrations=[an_integration("Exact Online"), an_integration("SFTP"), an_integration("Dropbox")],
        deliveries=[
            a_delivery(one, "exact-online", DeliveryState.DELIVERED),
            a_delivery(one, "sftp", DeliveryState.FAILED),
            a_delivery(one, "dropbox", DeliveryState.UNKNOWN),
        ],
        over_ssh=True,
    )
    entries = menu_of(context)
    lines = [(entry.title, entry.key, sentence_of(entry.reason) or entry.note) for entry in entries]
    assert lines[:2] == [
        ("Resend to integrations…", "r", "To SFTP; Exact Online has it"),
        ("Mark as processed", "m", None),
    ]
    assert lines[2:8] == [
        ("View", "Enter", None),
        ("Details and deliveries", "i", "1 delivered, 1 failed, 1 unknown"),
        ("Download…", "d", None),
        ("Open in another program", "–", "Not over SSH: download it instead"),
        ("Copy…", "y", None),
        ("Cancel sending", "–", "Nothing is queued"),
    ]


def test_the_footer_shows_only_keys_that_work_now() -> None:
    without = footer_of(a_context(documents=[a_document()]))
    assert "r" not in [key for key, _word in without]
    with_one = footer_of(a_context(documents=[a_document()], integrations=[an_integration("SFTP")]))
    assert [key for key, _word in with_one][:5] == ["Enter", "Space", ".", "r", "m"]
    assert ("r", "Send") in with_one


def test_the_help_of_a_place_lists_its_keys_by_group() -> None:
    groups = dict(help_of(Place.FOLDER))
    assert ("/", "Filter or search") in [line for lines in groups.values() for line in lines]
    assert ("r", "Send, resend") in [line for lines in groups.values() for line in lines]


def test_an_action_is_found_by_its_id() -> None:
    assert BY_ID["send"].keys == ("r",)
