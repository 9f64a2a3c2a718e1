"""What a release is built of, and what of the repository does not get into it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import supply

ROOT = Path(__file__).parents[1]


def test_dependencies_have_an_upper_bound_the_lock_is_in_step_and_licences_are_known() -> None:
    assert supply.problems() == []


def test_the_checks_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project["project"]["dependencies"] += ["anyio>=3", "nothing-of-that-name<2", "httpx<0.2"]
    assert list(supply._without_upper_bound(project)) == ["project: anyio>=3 has no upper bound"]
    assert len(list(supply._out_of_step(project))) == 2
    lines = [line for line in supply.LOCK.read_text().splitlines() if "sha256:" not in line]
    (tmp_path / "release.txt").write_text("\n".join(lines))
    monkeypatch.setattr(supply, "LOCK", tmp_path / "release.txt")
    assert any("has no hash" in one for one in supply._out_of_step(project))
    monkeypatch.setattr(supply, "ALLOWED", frozenset({"mit"}))
    assert any(one.startswith("httpx: its licence") for one in supply._licences())


def test_a_released_program_cannot_be_told_to_kill_itself() -> None:
    """Without the module that the wheel leaves out nothing reads the variable."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "banqup_tui/kill_points_of_tests.py" in wheel["exclude"]
    code = (
        "import sys; sys.modules['banqup_tui.kill_points_of_tests'] = None;"
        "from banqup_tui.kill_points import kill_point; kill_point('here'); print('alive')"
    )
    env = {**os.environ, "BANQUP_KILL_AT": "here"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "alive"
    licence = code.partition(";")[2].partition(";")[2]
    assert subprocess.run([sys.executable, "-c", f"import sys;{licence}"], env=env, timeout=60).returncode == -9


def test_nothing_else_in_the_program_reads_that_variable() -> None:
    found = [path.name for path in (ROOT / "banqup_tui").rglob("*.py") if "BANQUP_KILL_AT" in path.read_text()]
    assert found == ["kill_points_of_tests.py"]


def test_the_package_says_that_it_is_typed_and_the_wheel_takes_that_along() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert (ROOT / "banqup_tui" / "py.typed").is_file()
    assert wheel["packages"] == ["banqup_tui"]
    assert not [name for name in wheel["exclude"] if "typed" in name]
