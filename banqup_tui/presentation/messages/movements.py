"""Messages of the bank about a movement (`movement.…`)."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_CARD_USES = {
    "payment": N_("Card payment"),
    "withdrawal": N_("Cash withdrawal"),
    "deposit": N_("Cash deposit"),
    "fuel": N_("Fuel"),
    "reversal": N_("Purchase reversed"),
    "load": N_("Card loaded"),
    "unload": N_("Card unloaded"),
}
_RETURNS = {
    "reject": N_("rejected"),
    "return": N_("sent back"),
    "refund": N_("paid back"),
    "reversal": N_("reversed"),
    "cancellation": N_("cancelled"),
}
_REASONS = {
    "AC01": N_("the account number is wrong (AC01)"),
    "AC04": N_("the account is closed (AC04)"),
    "AC06": N_("the account is blocked (AC06)"),
    "AC13": N_("the payer is a consumer (AC13)"),
    "AG01": N_("the account does not allow this (AG01)"),
    "AG02": N_("the bank does not know this kind of payment (AG02)"),
    "AM04": N_("there is not enough money on the account (AM04)"),
    "AM05": N_("it was sent twice (AM05)"),
    "BE04": N_("the address of the payee is missing (BE04)"),
    "BE05": N_("the payer does not know the creditor (BE05)"),
    "CNOR": N_("the creditor's bank cannot be reached (CNOR)"),
    "CUST": N_("the payer asked for it (CUST)"),
    "DNOR": N_("the payer's bank cannot be reached (DNOR)"),
    "DUPL": N_("it was sent twice (DUPL)"),
    "FF01": N_("the payment is not in the right format (FF01)"),
    "FOCR": N_("it was asked back (FOCR)"),
    "FRAD": N_("it is suspected of fraud (FRAD)"),
    "MD01": N_("there is no valid mandate (MD01)"),
    "MD02": N_("the mandate is incomplete (MD02)"),
    "MD06": N_("the payer wants the money back (MD06)"),
    "MD07": N_("the payer has died (MD07)"),
    "MS02": N_("the payer gives no reason (MS02)"),
    "MS03": N_("the bank gives no reason (MS03)"),
    "RC01": N_("the BIC is wrong (RC01)"),
    "RR01": N_("the payer's account is missing (RR01)"),
    "RR02": N_("the payer's name or address is missing (RR02)"),
    "RR03": N_("the payee's name or address is missing (RR03)"),
    "RR04": N_("a rule of the authorities (RR04)"),
    "SL01": N_("a service of the payer's bank stopped it (SL01)"),
    "TECH": N_("a technical problem (TECH)"),
}
"""External return reasons of ISO 20022, as SEPA uses them. Other codes are shown as they are."""

_REFUSALS = {
    "account": N_("a problem of the payer's account"),
    "disagreement": N_("the payer disagrees"),
    "no-mandate": N_("the mandate was ended or is not known"),
    "other-creditor": N_("the mandate is another creditor's"),
    "technical": N_("a technical problem"),
    "unspecified": N_("no reason given"),
}

TEXTS = {
    "movement.bill": Texts(N_("Bill {number} of {amount}, due {due:day}.")),
    "movement.bill-interest": Texts(N_("Interest of {rate} per cent on {amount}, bill {number}.")),
    "movement.card-sale": Texts(N_("Paid by card, {day:day} {time}, terminal {terminal}.")),
    "movement.card-statement": Texts(N_("Statement {number} of {day:day}.")),
    "movement.card-statement-of": Texts(N_("Statement of {day:day}.")),
    "movement.card-takings": Texts(N_("Card payments from {start:day} to {end:day}, terminal {terminal}.")),
    "movement.card-used": Texts(N_("{kind}, card ending {card}."), words={"kind": _CARD_USES}),
    "movement.card-used-at": Texts(N_("{kind}, card ending {card}, {day:day} {time}."), words={"kind": _CARD_USES}),
    "movement.credit": Texts(N_("Credit {account}.")),
    "movement.credit-balance": Texts(N_("Balance {before} before, {after} after.")),
    "movement.credit-card": Texts(N_("{issuer}, card ending {card}."), words={"issuer": {"other": N_("Credit card")}}),
    "movement.direct-debit": Texts(N_("Direct debit, mandate {mandate}, creditor {creditor}.")),
    "movement.direct-debit-of-mandate": Texts(N_("Direct debit, mandate {mandate}.")),
    "movement.exchanged": Texts(N_("Originally {amount}, rate {rate}.")),
    "movement.fees": Texts(N_("Fees from {start:day} to {end:day}.")),
    "movement.guarantee": Texts(N_("Guarantee {number}.")),
    "movement.interest": Texts(N_("Interest of {rate} per cent from {start:day} to {end:day}.")),
    "movement.interest-period": Texts(N_("Closing of {start:day} to {end:day}.")),
    "movement.numbered": Texts(N_("Cheque or card {number}.")),
    "movement.original-amount": Texts(N_("Originally {amount}.")),
    "movement.percentage": Texts(N_("{percent} per cent of {amount}.")),
    "movement.refused": Texts(N_("Not paid: {reason}."), words={"reason": _REFUSALS}),
    "movement.returned": Texts(N_("The payment was {kind}."), words={"kind": _RETURNS}),
    "movement.returned-because": Texts(
        N_("The payment was {kind}: {reason}."), words={"kind": _RETURNS, "reason": _REASONS}
    ),
    "movement.term-deposit": Texts(N_("Term deposit {number} of {amount}, {start:day} to {end:day}.")),
}
