"""A mistake in config.toml says where it is and what would be right."""

from pathlib import Path

import pytest

from banqup_tui.presentation.messages import words_of
from banqup_tui.settings import UserSettings, WrongSettings, language_of, locale_of, read_settings


def written(directory: Path, text: str) -> Path:
    (directory / "config.toml").write_text(text, encoding="utf-8")
    return directory


def test_without_a_file_the_program_has_its_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == UserSettings()


def test_what_the_user_chose_is_taken(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, 'language = "fr"\nsigns = "ascii"\nfirm_name = "Meuse"\n'))
    assert (found.language, found.signs, found.firm_name) == ("fr", "ascii", "Meuse")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('langage = "fr"', "unknown key langage. Did you mean language?"),
        ('language = "frans"', "language cannot be 'frans'. Choose one of en, de, fr, nl"),
        ("theme = 3", 'theme must be a text in quotes. For example theme = "auto".'),
        ("theme = ", "cannot be read"),
    ],
)
def test_a_mistake_names_file_key_and_the_nearest_right_one(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(WrongSettings) as raised:
        read_settings(written(tmp_path, text))
    words = words_of(raised.value.message)
    assert sentence in words
    assert str(tmp_path / "config.toml") in words


def test_the_language_is_that_of_the_settings_else_of_the_locale() -> None:
    assert language_of(UserSettings(language="fr"), {"LANG": "en_GB.UTF-8"}) == "fr"
    assert language_of(UserSettings(), {"LANG": "fr_BE.UTF-8"}) == "fr_BE.UTF-8"
    assert language_of(UserSettings(), {"LC_ALL": "C.UTF-8", "LANG": "fr_BE"}) == "en"
    assert locale_of(UserSettings(language="fr", locale="en_GB"), {}) == "en_GB"
