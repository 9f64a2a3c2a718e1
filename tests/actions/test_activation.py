"""One integration more, the same for many clients, and away with it everywhere."""

from typing import Any, TypeVar

from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import ChoiceQuestion, ConfirmQuestion, Form, FormAnswer, ReviewQuestion, ReviewState
from banqup_tui.actions.registry import BY_ID
from banqup_tui.domain.client import Client
from banqup_tui.domain.listing import UnderWay
from banqup_tui.domain.messages import Message, text_message
from banqup_tui.protocol.commands import AddIntegration, Deactivate
from banqup_tui.protocol.messages import BackfillCount, TestRequest, TestResult, TestStep
from tests.actions.fakes import FakeActionSession, FakeAsk, a_context, an_extension, an_installation, an_integration

CLIENTS = tuple(Client(id=name, reference=name.upper(), name=name.title()) for name in ("parvis", "zavel", "delta"))


T = TypeVar("T")


class Scripted(FakeAsk):
    """Answers one question after the other; a callable is given the question."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self._answers = list(answers)

    def _next(self, question: Any, kind: type[T]) -> T | None:
        self.questions.append(question)
        answer = self._answers.pop(0)
        found = answer(question) if callable(answer) else answer
        assert found is None or isinstance(found, kind)
        return found

    async def choose(self, question: ChoiceQuestion) -> str | None:
        return self._next(question, str)

    async def fill_in(self, form: Form) -> FormAnswer | None:
        return self._next(form, FormAnswer)

    async def confirm(self, question: ConfirmQuestion) -> bool:
        return bool(self._next(question, bool))

    async def review(self, question: ReviewQuestion) -> bool:
        answer = self._next(question, object)
        if isinstance(answer, str):
            await question.edit(answer)
            return await self.review(question)
        return bool(answer)


def a_firm(ask: FakeAsk, session: FakeActionSession | None = None, **more: Any) -> Any:
    known: dict[str, Any] = {
        "place": Place.CLIENTS,
        "extensions": {"sftp": an_extension("sftp"), "yuki": an_extension("yuki")},
        "installations": [an_installation("sftp"), an_installation("yuki")],
    }
    return a_context(ask, session, **{**known, **more})


async def test_what_a_client_has_already_is_dimmed_and_can_be_added_once_more_under_another_name() -> None:
    ask = Scripted("sftp-installed\0again", FormAnswer(values={"path": "/b"}, label="Archive"))
    session = FakeActionSession()
    has = an_integration("Sftp", installation_id="sftp-installed", extension_id="sftp")
    await BY_ID["add-integration"].run(a_firm(ask, session, integrations=[has]))
    choices = {one.id: one for one in ask.questions[0].choices}
    assert choices["sftp-installed"].reason == Message("action.active-already")
    assert choices["yuki-installed"].reason is None
    assert ask.questions[1].naming.taken == ("Sftp",)
    assert ask.questions[1].naming.suggestion == "Sftp 2"
    (added,) = session.acts
    assert isinstance(added, AddIntegration)
    assert (added.label, added.settings) == ("Archive", {"path": "/b"})


async def test_many_clients_get_it_in_one_go_and_those_that_have_it_are_left_alone() -> None:
    counted = BackfillCount(folders=(), count=30, up_to="epoch.7")
    ask = Scripted("sftp-installed", FormAnswer(values={"path": "/in/[external_id]"}, older=counted), True, True)
    session = FakeActionSession()
    session.older = 10
    has = an_integration("Sftp", client_id="zavel", installation_id="sftp-installed", extension_id="sftp")
    await BY_ID["add-integration"].run(a_firm(ask, session, integrations=[has], clients=CLIENTS))
    form, review, confirm = ask.questions[1:]
    assert (form.older.count, form.is_complete) == (30, False)
    assert [row.state for row in review.rows()] == [ReviewState.READY, ReviewState.HAS, ReviewState.READY]
    assert confirm.button == "Activate for 2 clients"
    assert "20 older documents are sent too." in confirm.lines
    assert [act.client_id for act in session.acts] == ["parvis", "delta"]
    assert {act.backfill.expected for act in session.acts} == {10}
    assert ask.messages[0].plain_text == "Sftp is active for 2 clients."


async def test_what_is_missing_at_a_client_is_said_and_filled_in_there() -> None:
    ask = Scripted("sftp-installed", FormAnswer(values={}), "delta", FormAnswer(values={"path": "/delta"}), True, True)
    session = FakeActionSession()
    await BY_ID["add-integration"].run(a_firm(ask, session, clients=CLIENTS))
    assert [row.note for row in ask.questions[2].rows()][:2] == ["needs path", "needs path"]
    assert [(act.client_id, act.settings) for act in session.acts] == [("delta", {"path": "/delta"})]


async def test_what_only_the_connector_finds_wrong_is_seen_before_it_is_confirmed() -> None:
    class Picky(FakeActionSession):
        async def test(self, request: TestRequest) -> TestResult:
            assert request.dry
            wrong = TestStep(ok=False, message=text_message("Path: it does not say where it begins."), field="path")
            return TestResult(steps=(wrong,) if request.client_id == "zavel" else ())

    ask, session = Scripted("sftp-installed", FormAnswer(values={"path": "in"}), True, True), Picky()
    await BY_ID["add-integration"].run(a_firm(ask, session, clients=CLIENTS))
    assert [row.state for row in ask.questions[2].rows()] == [ReviewState.READY, ReviewState.NEEDS, ReviewState.READY]
    assert [act.client_id for act in session.acts] == ["parvis", "delta"]


async def test_the_number_of_clients_and_deliveries_is_seen_before_an_extension_is_deactivated() -> None:
    users = [an_integration("Sftp", id=one.id, client_id=one.id, installation_id="sftp-installed") for one in CLIENTS]
    session = FakeActionSession()
    session.waits = UnderWay(queued=240, sending=2)
    for answer in (False, True):
        ask = FakeAsk(answer)
        context = a_firm(ask, session, place=Place.STORE, extension=an_extension("sftp"), integrations=users)
        await BY_ID["deactivate-for-all"].run(context)
        assert ask.questions[0].lines[0] == "3 clients, 240 queued deliveries"
        assert ask.questions[0].dangerous
    assert session.acts == [Deactivate(installation_id="sftp-installed", expected=3)]


async def test_removing_says_what_becomes_of_what_is_under_way() -> None:
    ask, session = FakeAsk(False), FakeActionSession()
    session.waits = UnderWay(queued=5, sending=2)
    await BY_ID["remove-integration"].run(a_firm(ask, session, place=Place.CLIENT, integration=an_integration("Sftp")))
    assert "2 deliveries under way are finished, 5 queued are cancelled." in ask.questions[0].lines


async def test_a_form_signs_in_for_its_level_and_that_of_many_for_the_firm() -> None:
    session, has = FakeActionSession(), an_integration("Sftp", installation_id="sftp-installed", extension_id="sftp")
    store = {"place": Place.STORE, "extension": an_extension("sftp")}
    of_firm, of_integration = Scripted(None), Scripted(None)
    of_one, of_many = Scripted("sftp-installed", None), Scripted("sftp-installed", None)
    await BY_ID["install"].run(a_context(of_firm, session, **store))
    await BY_ID["add-integration"].run(a_firm(of_one, session, client=CLIENTS[0]))
    await BY_ID["add-integration"].run(a_firm(of_many, session, clients=CLIENTS))
    await BY_ID["configure-integration"].run(a_firm(of_integration, session, integration=has))
    for ask in (of_firm, of_one, of_many, of_integration):
        form = next(question for question in ask.questions if isinstance(question, Form))
        assert form.sign_in is not None
        await form.sign_in.begin("sign_in", {"user": "me"})
    asked = [(one.installation_id, one.integration_id, one.client_id) for one in session.sign_ins.begun]
    installed = "sftp-installed"
    assert asked == [
        (None, None, None),
        (installed, None, "parvis"),
        (installed, None, None),
        (installed, "sftp", "parvis"),
    ]
    assert {one.settings["user"] for one in session.sign_ins.begun} == {"me"}
