from tools.package_pages import DIRECTORY, pages


def test_the_pages_of_the_packages_say_what_their_presets_do() -> None:
    """Written anew by `python -m tools.package_pages`."""
    there = {file.name: file.read_text(encoding="utf-8") for file in DIRECTORY.glob("*.md")}
    assert there == pages()
