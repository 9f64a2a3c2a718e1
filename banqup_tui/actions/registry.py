"""All actions by id and by place: the source of key bindings, footer, help, palette, menu and docs/keys.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from banqup_tui.actions.add_integration import AddIntegrationAction
from banqup_tui.actions.allow_package import AllowPackageAction
from banqup_tui.actions.cancel_sending import CancelSendingAction
from banqup_tui.actions.check_connection import CheckConnectionAction
from banqup_tui.actions.configure_extension import ConfigureExtensionAction
from banqup_tui.actions.configure_integration import ConfigureIntegrationAction
from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.copy import CopyValueAction
from banqup_tui.actions.correct_values import CorrectValuesAction
from banqup_tui.actions.corrections import MoveDocumentAction, WithdrawAction
from banqup_tui.actions.deactivate import DeactivateForAllAction
from banqup_tui.actions.decide_duplicate import DecideDuplicateAction, OpenDuplicatesAction
from banqup_tui.actions.details import DetailsAction, IntegrationsOfClientAction
from banqup_tui.actions.dismiss import DismissFailureAction
from banqup_tui.actions.download import DownloadAction
from banqup_tui.actions.errors_only import ErrorsOnlyAction
from banqup_tui.actions.failures import (
    DismissFailuresAction,
    ExportFailuresAction,
    GoToFailuresAction,
    OpenFailuresAction,
    RetryFailuresAction,
)
from banqup_tui.actions.import_files import ImportFilesAction
from banqup_tui.actions.install_extension import InstallExtensionAction
from banqup_tui.actions.mark_processed import MarkProcessedAction
from banqup_tui.actions.moves import MOVES, KeyGroup, Move, shown_keys
from banqup_tui.actions.open_outside import OpenOutsideAction
from banqup_tui.actions.pause_integration import PauseIntegrationAction
from banqup_tui.actions.places import Place
from banqup_tui.actions.refused_changes import ClearChangesAction, RetryChangesAction, ToRefusedChangesAction
from banqup_tui.actions.remove_integration import RemoveIntegrationAction
from banqup_tui.actions.saved_changes import SavedChangesAction
from banqup_tui.actions.send_to_integrations import SendToIntegrationsAction
from banqup_tui.actions.settle import SettleDeliveryAction
from banqup_tui.actions.sources import (
    AddSourceAction,
    EditSourceAction,
    OpenSourcesAction,
    RemoveSourceAction,
    TestSourceAction,
)
from banqup_tui.actions.switch_place import ToClientDocumentsAction, ToClientsAction, ToStoreAction
from banqup_tui.actions.sync_now import SyncNowAction
from banqup_tui.actions.test_connection import TestConnectionAction
from banqup_tui.actions.undo import UndoAction
from banqup_tui.actions.unfiled import DismissUnfiledAction, OpenUnfiledAction, OpenUnfiledFileAction, PlaceFileAction
from banqup_tui.actions.uninstall import UninstallAction
from banqup_tui.actions.view import OpenClientAction, ViewAction
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value

ACTIONS: tuple[Action, ...] = (
    SendToIntegrationsAction(),
    DecideDuplicateAction(),
    MarkProcessedAction(),
    ViewAction(),
    OpenClientAction(),
    DetailsAction(),
    DownloadAction(),
    OpenOutsideAction(),
    CopyValueAction(),
    CancelSendingAction(),
    SettleDeliveryAction(),
    DismissFailureAction(),
    CorrectValuesAction(),
    MoveDocumentAction(),
    WithdrawAction(),
    AddIntegrationAction(),
    IntegrationsOfClientAction(),
    ConfigureIntegrationAction(),
    TestConnectionAction(),
    PauseIntegrationAction(),
    RemoveIntegrationAction(),
    InstallExtensionAction(),
    ConfigureExtensionAction(),
    AllowPackageAction(),
    UninstallAction(),
    DeactivateForAllAction(),
    RetryFailuresAction(),
    OpenFailuresAction(),
    ExportFailuresAction(),
    DismissFailuresAction(),
    PlaceFileAction(),
    DismissUnfiledAction(),
    OpenUnfiledFileAction(),
    OpenUnfiledAction(),
    OpenDuplicatesAction(),
    OpenSourcesAction(),
    EditSourceAction(),
    AddSourceAction(),
    TestSourceAction(),
    RemoveSourceAction(),
    RetryChangesAction(),
    ClearChangesAction(),
    ErrorsOnlyAction(),
    GoToFailuresAction(),
    ToRefusedChangesAction(),
    ImportFilesAction(),
    UndoAction(),
    SyncNowAction(),
    CheckConnectionAction(),
    SavedChangesAction(),
    ToClientDocumentsAction(),
    ToClientsAction(),
    ToStoreAction(),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


class KeyBinding(Value, frozen=True, kw_only=True):
    """The keys of an action or a move. `id` is the name that keymaps use; `action` the id of what they do."""

    id: str
    keys: tuple[str, ...]
    action: str
    is_move: bool


class ActionEntry(Value, frozen=True, kw_only=True):
    """A line of a menu or palette, ready to be drawn. With a `reason` it is drawn dimmed."""

    id: str
    title: str
    key: str
    reason: Message | None
    note: str | None
    part: int


def actions_of(place: Place) -> tuple[Action, ...]:
    return tuple(action for action in ACTIONS if place in action.places)


def moves_of(place: Place) -> tuple[Move, ...]:
    return tuple(move for move in MOVES if place in move.places)


def bindings_of(place: Place) -> tuple[KeyBinding, ...]:
    """Returns the bindings of a place, spare keys included."""
    actions = (
        KeyBinding(id=action.id, keys=action.keys + action.spare_keys, action=action.id, is_move=False)
        for action in actions_of(place)
        if action.keys
    )
    moves = (
        KeyBinding(id=move.id, keys=move.keys + move.spare, action=move.id, is_move=True) for move in moves_of(place)
    )
    return (*actions, *moves)


def menu_of(context: Context) -> tuple[ActionEntry, ...]:
    """Returns the entries of the three-dot menu, sorted by their part."""
    actions = [action for action in actions_of(context.place) if action.menu is not None and action.in_menu(context)]
    return tuple(_entry(action, context) for action in sorted(actions, key=lambda action: action.menu or 0))


def palette_of(context: Context) -> tuple[ActionEntry, ...]:
    """Returns an entry for every action of the place; those that cannot be done now come last."""
    entries = [_entry(action, context) for action in actions_of(context.place)]
    return tuple(sorted(entries, key=lambda entry: entry.reason is not None))


def footer_of(context: Context) -> tuple[tuple[str, str], ...]:
    """Returns the keys that work now, each with a word, sorted by rank."""
    words: list[tuple[int, str, str]] = []
    for action in actions_of(context.place):
        if action.keys and action.shows_in_footer(context) and action.availability(context) is None:
            words.append((action.rank, shown_keys(action.keys[:1]), action.short(context)))
    for move in moves_of(context.place):
        if move.short and context.place in move.short_in:
            words.append((move.rank, shown_keys(move.keys[:1]), move.footer()))
    return tuple((key, word) for _rank, key, word in sorted(words, key=lambda word: word[0]))


def help_of(place: Place) -> tuple[tuple[KeyGroup, tuple[tuple[str, str], ...]], ...]:
    """Returns the keys of a place with what they do, by group. Neighbours that do the same share a line."""
    lines: dict[KeyGroup, list[tuple[str, str]]] = {}
    for move in moves_of(place):
        lines.setdefault(move.group, []).append((shown_keys(move.keys), move.name()))
    for action in actions_of(place):
        if action.keys:
            group = KeyGroup.EVERYWHERE if action.rank >= 80 else KeyGroup.ACTIONS
            _add(lines.setdefault(group, []), shown_keys(action.keys), action.in_help())
    return tuple((group, tuple(lines[group])) for group in KeyGroup if group in lines)


def _add(lines: list[tuple[str, str]], keys: str, does: str) -> None:
    if lines and lines[-1][1] == does:
        keys = f"{lines.pop()[0]} {keys}"
    lines.append((keys, does))


def clashes(place: Place) -> Iterator[tuple[str, str, str]]:
    """Yields each key that two bindings of a place claim, with both ids. Textual would not report it."""
    owner: dict[str, str] = {}
    for binding in bindings_of(place):
        for key in binding.keys:
            if key in owner:
                yield key, owner[key], binding.id
            owner[key] = binding.id


def _entry(action: Action, context: Context) -> ActionEntry:
    reason = action.availability(context)
    return ActionEntry(
        id=action.id,
        title=action.title(context),
        key="–" if reason is not None else shown_keys(action.keys[:1]),
        reason=reason,
        note=action.note(context) if reason is None else None,
        part=action.menu or 0,
    )


__all__: Sequence[str] = (
    "ACTIONS", "BY_ID", "ActionEntry", "KeyBinding", "actions_of", "bindings_of", "clashes", "footer_of", "help_of",
    "menu_of", "moves_of", "palette_of",
)  # fmt: skip
