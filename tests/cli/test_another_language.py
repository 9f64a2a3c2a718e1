"""A new language is one catalogue: with it the command line says nothing in English."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from banqup_tui.cli import languages
from banqup_tui.presentation.formats import count
from tests.cli.test_in_french import USUAL, RunIn, a_runtime, banqup_in, english_in, every_command
from tests.support import pseudo

__all__ = ["banqup_in"]


@pytest.fixture
def spoken(tmp_path: Path) -> Iterator[None]:
    with pseudo.spoken(tmp_path / "locale"), patch.object(languages, "CATALOGUES", tmp_path / "locale"):
        yield


def test_in_a_language_of_one_catalogue_no_help_has_english(spoken: None, banqup_in: RunIn) -> None:
    left = {
        path: found
        for path in every_command()
        if (found := english_in(banqup_in(pseudo.LANGUAGE, a_runtime(), *path, "--help")))
    }
    assert left == {}


def test_in_a_language_of_one_catalogue_no_output_and_no_error_has_english(spoken: None, banqup_in: RunIn) -> None:
    left = {words: found for words in USUAL if (found := english_in(banqup_in(pseudo.LANGUAGE, a_runtime(), *words)))}
    assert left == {}


def test_figures_follow_the_locale_until_the_command_ends() -> None:
    with languages.using_language("de", "de_BE.UTF-8"):
        assert count(1500) == "1.500"
    assert count(1500) == "1,500"
