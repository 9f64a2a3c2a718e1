"""An e-invoice and its PDF are delivered together; a PDF that comes later goes with a further copy."""

import json
import sqlite3
from pathlib import Path

from banqup_tui.demo.pdf import text_pdf
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.commands import AddIntegration, Install
from tests.support import papers
from tests.support.local_setup import LocalSetup, id_of, until

PDF = text_pdf(["Facture", "du moulin"])


def deliver_with_pdf(setup: LocalSetup, client_id: str) -> None:
    settings = {"path": str(setup.received), "pdf_along": True}
    installation = id_of("installation", "local-folder")
    setup.do(
        Install(installation_id=installation, extension_id="local-folder", settings=settings),
        AddIntegration(
            integration_id=id_of("integration", client_id),
            client_id=client_id,
            installation_id=installation,
            label="Folder",
            folders=tuple(Folder),
            settings={},
        ),
    )


def import_files(setup: LocalSetup, directory: Path, *arguments: str) -> None:
    assert setup.banqup("import", str(directory), *arguments).returncode == 0


def history_of(setup: LocalSetup, document_id: str) -> list[str]:
    with sqlite3.connect(f"file:{setup.dirs.backend / 'banqup.sqlite'}?mode=ro", uri=True) as connection:
        (value,) = connection.execute("SELECT value FROM document WHERE id = ?", (document_id,)).fetchone()
    return [entry["what"]["code"] for entry in json.loads(value)["history"]]


def test_an_e_invoice_and_its_pdf_arrive_under_one_name_and_a_late_pdf_with_the_next_copy(
    setup: LocalSetup, tmp_path: Path
) -> None:
    client = setup.add_client()
    deliver_with_pdf(setup, client)
    together, alone = tmp_path / "together", tmp_path / "alone"
    for directory in (together, alone):
        directory.mkdir()
    (together / "a.xml").write_bytes(papers.invoice(number="P-1"))
    (together / "a.pdf").write_bytes(PDF)
    (alone / "b.xml").write_bytes(papers.invoice(number="P-2"))
    import_files(setup, together)
    import_files(setup, alone)

    def names() -> list[str]:
        return sorted(file.name for file in setup.files_received())

    until(lambda: names() == ["P-1.pdf", "P-1.xml", "P-2.xml"], what="both, and the other alone")
    until(lambda: setup.delivery_states() == {"DELIVERED": 2})
    assert (setup.received / "P-1.pdf").read_bytes() == PDF
    listed = json.loads(setup.banqup("deliveries", "--json").stdout)
    assert sorted(Path(one["receipt"]).name for one in listed) == ["P-1.xml + P-1.pdf", "P-2.xml"]

    (alone / "b.pdf").write_bytes(text_pdf(["Facture P-2", "du moulin"]))
    import_files(setup, alone)
    (late,) = [one for one in setup.documents() if one["number"] == "P-2"]
    assert history_of(setup, late["id"]) == ["history.pdf-after-delivery"]
    assert names() == ["P-1.pdf", "P-1.xml", "P-2.xml"]

    assert setup.banqup("send", "--id", late["id"], "--again", "--yes").returncode == 0
    until(lambda: len(names()) == 5, what="the further copy and its PDF")
    assert {Path(name).suffix for name in names() if name.startswith("P-2_")} == {".xml", ".pdf"}
