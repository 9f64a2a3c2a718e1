"""Messages of a sign-in in the browser (OAuth 2.0)."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_COPY_ALL = N_("Copy all of the address bar, once the browser has come to {address}…")

TEXTS = {
    "sign-in.application-refused": Texts(
        N_("{provider} does not let this application sign in."),
        N_("Compare its ID, secret and scope with what was registered there."),
    ),
    "sign-in.done": Texts(
        N_("You are signed in."), N_("This window can be closed: the program goes on in the terminal.")
    ),
    "sign-in.gone": Texts(N_("This sign-in is no longer here."), N_("Begin it again.")),
    "sign-in.not-made-here": Texts(N_("This sign-in was not made here."), N_("Sign in again.")),
    "sign-in.not-this-address": Texts(
        N_("This is not the address to which the provider sends the browser back."), _COPY_ALL
    ),
    "sign-in.nothing-here": Texts(N_("There is nothing to sign in to here.")),
    "sign-in.of-another": Texts(N_("This address belongs to another sign-in."), _COPY_ALL),
    "sign-in.ended": Texts(N_("The sign-in at {provider} has ended."), N_("Sign in again in the settings.")),
    "sign-in.no-answer": Texts(
        N_("{server} does not answer."), N_("It is tried again by itself; check the address if it stays so.")
    ),
    "sign-in.no-tokens": Texts(N_("{server} answered, but not with tokens."), N_("Correct the token address.")),
    "sign-in.not-awaited": Texts(N_("Nobody waits for this sign-in any more."), N_("Begin it again in the terminal.")),
    "sign-in.not-now": Texts(N_("{provider} cannot let anybody sign in now."), N_("It is tried again by itself.")),
    "sign-in.refused": Texts(N_("{provider} did not accept the sign-in."), N_("Sign in again in the settings.")),
    "sign-in.refused-without-reason": Texts(N_("{provider} has refused the sign-in.")),
    "sign-in.renewed-elsewhere": Texts(
        N_("The sign-in was renewed by another process."), N_("It is tried again by itself.")
    ),
}
