"""Furnishes a new Tryton database: run by Tryton's own Python, not by ours (`make test-tryton`).

    python tests/support/tryton_setup.py DIRECTORY

What the tests need to know of it is left in `installation.json`.
"""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

DATABASE = "books"
ACTIVATE = ("--activate-dependencies", "-u", "document_incoming_invoice", "edocument_ubl", "account_be")
COMPANY, VAT = "Fournil de la Tannerie SRL", "BE0912345673"


def main(directory: Path) -> None:
    directory.mkdir(parents=True)
    config = directory / "trytond.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {directory}\n")
    (directory / f"{DATABASE}.sqlite").touch()
    _make_database(config, directory / "password")
    from proteus.config import set_trytond

    set_trytond(DATABASE, config_file=str(config))
    (directory / "house.json").write_text(json.dumps(_furnish()))


def _make_database(config: Path, password: Path) -> None:
    password.write_text("not-used-by-any-test")
    admin = Path(sys.executable).with_name("trytond-admin")
    subprocess.run(
        [admin, "-c", config, "-d", DATABASE, "-l", "fr", "--email", "a@books.example", "-p", *ACTIVATE],
        env={**os.environ, "TRYTONPASSFILE": str(password)},
        check=True,
    )


def _furnish() -> dict[str, object]:
    from proteus import Model
    from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
    from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
    from trytond.modules.company.tests.tools import create_company, get_company

    party = Model.get("party.party")(name=COMPANY)
    vat = party.identifiers.new()
    vat.type, vat.code = "eu_vat", VAT
    party.save()
    create_company(party, "EUR")
    company = get_company()
    create_chart(company, chart="account_be.root_fr")
    year = create_fiscalyear(company, today=(date(2026, 1, 1), date(2026, 12, 31)))
    set_fiscalyear_invoice_sequences(year).click("create_period")
    supplier = Model.get("party.party")(name="Fournisseur à préciser")
    supplier.account_payable = get_accounts(company)["payable"]
    supplier.save()
    settings = Model.get("document.incoming.configuration")(1)
    settings.default_supplier = supplier
    settings.save()
    return {"company": company.id, **_users(company)}


def _users(company: object) -> dict[str, object]:
    """The keys of a user who may do what a connector needs and no more, and of somebody who may look at all of it."""
    from proteus import Model

    User, Group = Model.get("res.user"), Model.get("res.group")
    groups = {group.name: group for group in Group.find([])}
    clerk = User(name="Banqup", login="banqup")
    clerk.companies.append(company)
    clerk.company = company
    for name in ("Document Incoming", "Accounting"):
        clerk.groups.append(Group(groups[name].id))
    clerk.save()
    keys = {}
    for name, user in (("banqup", clerk), ("admin", User.find([("login", "=", "admin")])[0])):
        application = Model.get("res.user.application")(user=user, application="rest")
        application.save()
        keys[name] = application.key
    return {"clerk": clerk.id, "keys": keys}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
