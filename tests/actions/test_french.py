"""The French of the actions is that of the accountants: the words of the menu and the send panel."""

import string
from collections.abc import Iterator

import pytest

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.prompts import TickAnswer
from banqup_tui.actions.registry import ACTIONS, menu_of
from banqup_tui.actions.send_to_integrations import question
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import use_language
from tests.actions.fakes import a_context, a_delivery, a_document, an_integration


@pytest.fixture(autouse=True)
def french() -> Iterator[None]:
    use_language("fr")
    yield
    use_language("en")


def failed_once() -> Context:
    one = a_document()
    return a_context(
        documents=[one],
        integrations=[an_integration("SFTP"), an_integration("Exact Online")],
        deliveries=[
            a_delivery(one, "sftp", DeliveryState.FAILED),
            a_delivery(one, "exact-online", DeliveryState.DELIVERED),
        ],
        over_ssh=True,
    )


def test_the_menu_is_french() -> None:
    titles = [entry.title for entry in menu_of(failed_once())]
    assert titles[:8] == [
        "Renvoyer aux intégrations…",
        "Marquer comme traité",
        "Voir",
        "Détails et envois",
        "Télécharger…",
        "Ouvrir dans un autre programme",
        "Copier…",
        "Annuler l'envoi",
    ]
    notes = [entry.note or sentence_of(entry.reason) for entry in menu_of(failed_once())]
    assert notes[0] == "Vers SFTP\u00a0; Exact Online l'a déjà"
    assert notes[5] == "Pas par SSH\u00a0: téléchargez-le plutôt"
    assert notes[7] == "Rien n'est en file"


def test_the_send_panel_is_french() -> None:
    asked = question(failed_once())
    assert asked.title == "Renvoyer aux intégrations"
    assert asked.columns == ("Intégration", "Ce qu'elle a", "Ce qui part")
    assert asked.summary(TickAnswer(ids=frozenset({"sftp"}))).button == "Envoyer à 1 intégration"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_help_is_translated(action: Action) -> None:
    french = action.help()
    use_language("en")
    assert french != action.help()
    assert not set(string.ascii_letters).isdisjoint(french)
