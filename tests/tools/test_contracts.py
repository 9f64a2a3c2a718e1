"""The table of docs/architecture.md is held by import contracts: an import against it breaks `make check`."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

AGAINST_THE_TABLE = {
    "backend/api/snapshots.py": "banqup_tui.screens.place",
    "backend/db/transaction.py": "banqup_tui.backend.api.auth",
    "backend/ledger/claim.py": "banqup_tui.backend.intake.clients",
    "widgets/footer.py": "banqup_tui.store.readers",
    "connectors/s3/connector.py": "banqup_tui.backend.db.vault",
    "widgets/strips.py": "banqup_tui.widgets.page",
}
BROKEN = {
    "The backend knows nothing of the terminal's side",
    "Inside the backend each package knows those below it only",
    "A widget knows no screen, and only the domain",
    "Connectors and sources know domain and formats only",
    "No package imports in circles",
}


def test_an_import_against_the_table_of_the_architecture_is_found(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "banqup_tui", tmp_path / "banqup_tui", ignore=shutil.ignore_patterns("__pycache__", "locale")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, module in AGAINST_THE_TABLE.items():
        with (tmp_path / "banqup_tui" / name).open("a") as file:
            file.write(f"\nimport {module}  # noqa\n")
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    found = {line.partition(" BROKEN")[0] for line in ran.stdout.splitlines() if " BROKEN" in line}
    assert found >= BROKEN, ran.stdout
