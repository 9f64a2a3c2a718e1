"""A provider to sign in at, in memory: signed in after so many looks, or when the right address comes back."""

from __future__ import annotations

from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.messages import SignIn, SignInRequest, SignInState
from banqup_tui.protocol.problems import Problem
from banqup_tui.sync.errors import RequestRefused


class SignIns:
    """`problem`: none can begin. `refusal`: sentence and remedy with which it ends."""

    def __init__(self, looks: int = 2) -> None:
        self.looks = looks
        self.begun: list[SignInRequest] = []
        self.returned: list[str] = []
        self.problem: Problem | None = None
        self.refusal: tuple[str, str] | None = None
        self.provider = "Microsoft 365"
        self.url = f"https://login.example/authorize?client_id=1&state={'s' * 400}end"
        self.looked = 0

    @property
    def right(self) -> str:
        return f"http://localhost:40123/?code=c&state=s-{len(self.begun)}"

    def begin(self, request: SignInRequest) -> SignIn:
        if self.problem is not None:
            raise RequestRefused(422, self.problem)
        self.begun.append(request)
        self.looked = 0
        return self._now(SignInState.WAITING)

    def look(self, sign_in_id: str) -> SignIn:
        assert sign_in_id == f"s-{len(self.begun)}"
        self.looked += 1
        if self.looked < self.looks:
            return self._now(SignInState.WAITING)
        return self._now(SignInState.REFUSED if self.refusal else SignInState.SIGNED_IN)

    def come_back(self, sign_in_id: str, address: str) -> SignIn:
        self.returned.append(address)
        if address != self.right:
            problem = Problem(
                type="refused", title="This is not the address.", remedy="Copy the whole of it.", field="address"
            )
            raise RequestRefused(422, problem)
        return self._now(SignInState.SIGNED_IN)

    def _now(self, state: SignInState) -> SignIn:
        refused = self.refusal if state is SignInState.REFUSED else None
        return SignIn(
            id=f"s-{len(self.begun)}",
            state=state,
            provider=self.provider,
            url=self.url,
            returns_to="http://localhost:40123/",
            reason=text_message(*refused) if refused else None,
        )
