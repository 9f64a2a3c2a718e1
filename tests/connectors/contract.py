"""What every connector has to do, tried against its real receiver.

A connector's tests take it on by a class of their own, with a fixture `receiver`:

    class TestTheContract(WireContract):
        @pytest.fixture
        async def receiver(self, tmp_path): ...

`Contract` is for receivers without a wire in between, `WireContract` for those that are reached over TCP.
"""

import asyncio
import contextlib
import os
import unicodedata
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import pytest

from banqup_tui.connectors.common.limits import refuse_unfit
from banqup_tui.connectors.interface import (
    Connector,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Rejected,
    Uncertain,
)
from banqup_tui.domain.extension import ReceiverKind
from tests.support.delivery_requests import BYTES, PDF_BYTES, delivery_request, pdf_file
from tests.support.messages import raising, remedy, sentence
from tests.support.wire import Wire

HOSTILE_NAME = "../../etc\r\nBcc: spy@example.org\x00\x1b[31m\u202egpj‑é.xml"
HOSTILE_NUMBER = "../\r\n-2026/1\x1b[2J\u202e"


class Arrived(NamedTuple):
    """One document as the receiver shows it: its name there, and its bytes."""

    name: str
    content: bytes


class Receiver(Protocol):
    """A real receiver, started for one test.

    `secret`: what must never be shown (a password, a key); empty where there is none. `largest`: the receiver takes
    so many bytes and no more, the connector's manifest left aside; `None`: as many as one has.
    `answers_in_commit`: how many answers of the receiver the connector reads in `commit` before the last one.
    """

    @property
    def connector(self) -> Connector[Any]: ...
    @property
    def secret(self) -> str: ...
    @property
    def largest(self) -> int | None: ...
    @property
    def answers_in_commit(self) -> int: ...

    def settings(self) -> Any: ...

    def wrong_credentials(self) -> Any | None:
        """The same settings with a wrong password or key; `None` where the receiver knows none."""
        ...

    async def arrived(self) -> list[Arrived]:
        """All that its reader can see, in no order: nothing hidden, nothing temporary."""
        ...

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Within it the receiver says no to documents, in its own way."""
        ...


class WiredReceiver(Receiver, Protocol):
    @property
    def wire(self) -> Wire: ...


async def deliver(receiver: Receiver, what: DeliveryRequest, settings: Any = None) -> Receipt:
    refuse_unfit(receiver.connector.manifest, what)
    async with receiver.connector.connect(settings or receiver.settings()) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def clear_up(receiver: Receiver, what: DeliveryRequest, resume_token: str | None) -> None:
    """What the ledger does after an attempt that was cut off: by the receiver's kind, and for NEITHER nothing."""
    kind = receiver.connector.manifest.kind
    async with receiver.connector.connect(receiver.settings()) as channel:
        if kind is ReceiverKind.RENAME and resume_token is not None:
            await channel.roll_forward(what, resume_token)
        elif kind is ReceiverKind.KEY:
            await channel.commit(what, await channel.prepare(what))
        elif kind is ReceiverKind.LOOKUP:
            found, _receipt = await channel.look_up(what, [])
            assert found in (Found.FOUND, Found.ABSENT)
            if found is Found.ABSENT:
                await channel.commit(what, await channel.prepare(what))


def next_attempt(what: DeliveryRequest) -> DeliveryRequest:
    return msgspec.structs.replace(what, attempt=what.attempt + 1)


class Contract:
    @pytest.fixture
    def store(self, tmp_path: Path) -> Path:
        directory = tmp_path / "kept"
        directory.mkdir()
        return directory

    async def test_a_test_of_the_connection_says_that_it_works_and_leaves_nothing(
        self, receiver: Receiver, store: Path
    ) -> None:
        steps = await receiver.connector.test(receiver.settings(), delivery_request(store))
        assert steps
        assert all(step.ok for step in steps), steps
        assert all(sentence(step, "fr") != sentence(step) for step in steps)
        assert await receiver.arrived() == []

    async def test_a_document_arrives_byte_for_byte_with_a_receipt(self, receiver: Receiver, store: Path) -> None:
        content = os.urandom(150_000)
        receipt = await deliver(receiver, delivery_request(store, content))
        assert [seen.content for seen in await receiver.arrived()] == [content]
        assert receipt.text

    async def test_a_file_that_has_grown_is_said_to_be_damaged(self, receiver: Receiver, store: Path) -> None:
        what = delivery_request(store, os.urandom(2_000))
        with what.file.open("ab") as stream:
            stream.write(b"  ")
        with raising(Rejected, match="is damaged"):
            await deliver(receiver, what)
        assert await receiver.arrived() == []

    async def test_a_copy_that_is_there_already_is_not_written_again(self, receiver: Receiver, store: Path) -> None:
        """As after the program's files were put back as they were before it was sent."""
        if receiver.connector.manifest.kind is not ReceiverKind.RENAME:
            pytest.skip("the receiver does not know documents by their names")
        first = delivery_request(store, os.urandom(2_000))
        receipts = [await deliver(receiver, one) for one in (first, next_attempt(first))]
        assert receipts[0] == receipts[1]
        other = delivery_request(store, os.urandom(2_000), delivery_id="00000001-0000-4000-8000-000000000000")
        further = msgspec.structs.replace(first, generation=2)
        for one in (other, further):
            receipts = [await deliver(receiver, one), await deliver(receiver, next_attempt(one))]
            assert receipts[0] == receipts[1]
        assert len(await receiver.arrived()) == 3

    async def test_several_documents_go_side_by_side_over_one_channel(self, receiver: Receiver, store: Path) -> None:
        whats = [
            delivery_request(store, b"<Invoice>%d</Invoice>" % at, delivery_id=f"{at:08}-0000-4000-8000-000000000000",
                   key=f"{at:08}-0000-5000-8000-000000000000", number=f"2026-{at}")
            for at in range(5)
        ]  # fmt: skip
        async with receiver.connector.connect(receiver.settings()) as channel:

            async def one(what: DeliveryRequest) -> Receipt:
                return await channel.commit(what, await channel.prepare(what))

            await asyncio.gather(*(one(what) for what in whats))
        seen = sorted(seen.content for seen in await receiver.arrived())
        assert seen == sorted(what.file.read_bytes() for what in whats)

    async def test_nothing_can_be_seen_of_what_is_given_up_before_the_commit(
        self, receiver: Receiver, store: Path
    ) -> None:
        async with receiver.connector.connect(receiver.settings()) as channel:
            resume_token = await channel.prepare(delivery_request(store))
            assert await receiver.arrived() == []
            await channel.discard(resume_token)
        assert await receiver.arrived() == []

    async def test_the_same_wanted_copy_never_becomes_two(self, receiver: Receiver, store: Path) -> None:
        if receiver.connector.manifest.kind is ReceiverKind.NEITHER:
            pytest.skip("nothing can be known of this receiver: its user decides")
        what = delivery_request(store)
        async with receiver.connector.connect(receiver.settings()) as channel:
            resume_token = await channel.prepare(what)
            await channel.commit(what, resume_token)
        await clear_up(receiver, next_attempt(what), resume_token)
        assert len(await receiver.arrived()) == 1

    async def test_another_copy_that_is_wanted_arrives_beside_the_first(self, receiver: Receiver, store: Path) -> None:
        first = await deliver(receiver, delivery_request(store))
        second = delivery_request(store, generation=2, key="7d3c1111-5f0c-5d5a-9d5c-9a1c6f1d2e3f", attempt=1)
        if receiver.connector.manifest.kind is ReceiverKind.LOOKUP:
            async with receiver.connector.connect(receiver.settings()) as channel:
                found, _receipt = await channel.look_up(second, [first.reference or first.text])
            assert found is Found.ABSENT
        await deliver(receiver, second)
        assert len(await receiver.arrived()) == 2

    async def test_a_refusal_says_why_and_what_to_do(self, receiver: Receiver, store: Path) -> None:
        async with receiver.refusing():
            with pytest.raises((Rejected, NotSent)) as caught:
                await deliver(receiver, delivery_request(store))
        assert sentence(caught.value)
        assert remedy(caught.value)
        assert await receiver.arrived() == []

    async def test_wrong_credentials_wait_for_a_person_and_are_not_shown(self, receiver: Receiver, store: Path) -> None:
        wrong = receiver.wrong_credentials()
        if wrong is None:
            pytest.skip("this receiver knows no credentials")
        with pytest.raises(NotSent) as caught:
            await deliver(receiver, delivery_request(store), wrong)
        assert caught.value.fault is Fault.PERSON
        assert remedy(caught.value)
        steps = await receiver.connector.test(wrong, None)
        assert not steps[-1].ok
        assert remedy(steps[-1])
        shown = (
            f"{caught.value} {sentence(caught.value)} {remedy(caught.value)} {steps} {wrong!r} {receiver.settings()!r}"
        )
        assert not receiver.secret or receiver.secret not in shown
        assert await receiver.arrived() == []

    async def test_too_large_a_document_is_refused_and_leaves_nothing(self, receiver: Receiver, store: Path) -> None:
        limits = [most for most in (receiver.largest, receiver.connector.manifest.max_size) if most is not None]
        if not limits:
            pytest.skip("this receiver takes any size")
        what = delivery_request(store, os.urandom(min(limits) + 1))
        with pytest.raises(Rejected) as caught:
            await deliver(receiver, what)
        assert remedy(caught.value)
        assert await receiver.arrived() == []

    async def test_the_pdf_of_an_e_invoice_goes_along_where_the_settings_say_so(
        self, receiver: Receiver, store: Path
    ) -> None:
        if not hasattr(receiver.settings(), "pdf_along"):
            pytest.skip("this receiver takes no second file")
        what = delivery_request(store, pdf=pdf_file(store))
        alone = await deliver(receiver, what, msgspec.structs.replace(receiver.settings(), pdf_along=False))
        assert [seen.content for seen in await receiver.arrived()] == [BYTES]
        assert ".pdf" not in alone.text
        further = msgspec.structs.replace(what, generation=2, key="7d3c1111-5f0c-5d5a-9d5c-9a1c6f1d2e3f")
        receipt = await deliver(receiver, further, msgspec.structs.replace(receiver.settings(), pdf_along=True))
        names = {seen.name: seen.content for seen in await receiver.arrived() if seen.content == PDF_BYTES}
        (name,) = names
        assert receipt.text.endswith(f" + {name}")
        documents = [seen.name for seen in await receiver.arrived() if seen.content == BYTES]
        assert len(documents) == 2
        assert name.removesuffix(".pdf") in {one.removesuffix(".xml") for one in documents}

    async def test_a_receiver_that_knows_no_pdf_gets_the_e_invoice_alone(self, receiver: Receiver, store: Path) -> None:
        if hasattr(receiver.settings(), "pdf_along"):
            pytest.skip("this receiver knows the PDF")
        receipt = await deliver(receiver, delivery_request(store, pdf=pdf_file(store)))
        assert [seen.content for seen in await receiver.arrived()] == [BYTES]
        assert ".pdf" not in receipt.text

    async def test_a_pdf_and_its_e_invoice_get_the_same_name_where_one_of_them_is_taken(
        self, receiver: Receiver, store: Path
    ) -> None:
        kind = receiver.connector.manifest.kind
        if not hasattr(receiver.settings(), "pdf_along") or kind not in (ReceiverKind.RENAME, ReceiverKind.LOOKUP):
            pytest.skip("this receiver has no names that could be taken")
        settings = msgspec.structs.replace(receiver.settings(), pdf_along=True)
        taken = delivery_request(store, b"%PDF-1.7 another %%EOF", media_type="application/pdf", file_name="other.pdf",
                                 delivery_id="0a0a0a0a-0000-4000-8000-000000000000", key="another")  # fmt: skip
        await deliver(receiver, taken, settings)
        await deliver(receiver, delivery_request(store, pdf=pdf_file(store)), settings)
        names = sorted(seen.name for seen in await receiver.arrived())
        assert names == ["2026-11874.pdf", "2026-11874_4f1c9a27.pdf", "2026-11874_4f1c9a27.xml"]

    async def test_nothing_can_be_seen_of_a_pdf_that_is_given_up_before_the_commit(
        self, receiver: Receiver, store: Path
    ) -> None:
        if not hasattr(receiver.settings(), "pdf_along"):
            pytest.skip("this receiver takes no second file")
        settings = msgspec.structs.replace(receiver.settings(), pdf_along=True)
        async with receiver.connector.connect(settings) as channel:
            resume_token = await channel.prepare(delivery_request(store, pdf=pdf_file(store)))
            assert await receiver.arrived() == []
            await channel.discard(resume_token)
        assert await receiver.arrived() == []

    async def test_a_copy_with_its_pdf_never_becomes_two(self, receiver: Receiver, store: Path) -> None:
        kind = receiver.connector.manifest.kind
        if not hasattr(receiver.settings(), "pdf_along") or kind not in (ReceiverKind.RENAME, ReceiverKind.LOOKUP):
            pytest.skip("this receiver cannot be asked, or takes the same identifier once")
        settings = msgspec.structs.replace(receiver.settings(), pdf_along=True)
        what = delivery_request(store, pdf=pdf_file(store))
        async with receiver.connector.connect(settings) as channel:
            resume_token = await channel.prepare(what)
            first = await channel.commit(what, resume_token)
            again = next_attempt(what)
            if kind is ReceiverKind.RENAME:
                second: Receipt | None = await channel.roll_forward(again, resume_token)
            else:
                _found, second = await channel.look_up(again, [])
            assert first == second
            await channel.commit(again, await channel.prepare(again))
        assert sorted(seen.name for seen in await receiver.arrived()) == ["2026-11874.pdf", "2026-11874.xml"]

    async def test_a_hostile_file_name_does_no_harm(self, receiver: Receiver, store: Path) -> None:
        what = delivery_request(store, file_name=HOSTILE_NAME, number=HOSTILE_NUMBER, client_reference="../..")
        await deliver(receiver, what)
        (seen,) = await receiver.arrived()
        assert seen.content == what.file.read_bytes()
        assert not any(unicodedata.category(letter) in ("Cc", "Cf") for letter in seen.name)
        assert "/" not in seen.name
        assert not seen.name.startswith((".", "-"))


class WireContract(Contract):
    async def test_an_answer_that_was_lost_is_cleared_up_without_a_second_copy(
        self, receiver: WiredReceiver, store: Path
    ) -> None:
        what = delivery_request(store)
        with contextlib.suppress(NotSent, OSError):
            async with receiver.connector.connect(receiver.settings()) as channel:
                resume_token = await channel.prepare(what)
                receiver.wire.cut_answer(receiver.answers_in_commit)
                with pytest.raises(Uncertain) as caught:
                    await channel.commit(what, resume_token)
        assert sentence(caught.value)
        receiver.wire.mend()
        await clear_up(receiver, next_attempt(what), resume_token)
        assert [seen.content for seen in await receiver.arrived()] == [what.file.read_bytes()]

    async def test_a_slow_receiver_still_gets_it(self, receiver: WiredReceiver, store: Path) -> None:
        receiver.wire.slow(0.05)
        await deliver(receiver, delivery_request(store))
        assert len(await receiver.arrived()) == 1

    async def test_a_receiver_that_never_answers_can_be_given_up(self, receiver: WiredReceiver, store: Path) -> None:
        async with receiver.connector.connect(receiver.settings()) as channel:
            receiver.wire.hold()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await channel.commit(delivery_request(store), await channel.prepare(delivery_request(store)))
            receiver.wire.mend()

    async def test_a_receiver_that_dies_while_a_document_is_sent_gets_it_whole_later(
        self, receiver: WiredReceiver, store: Path
    ) -> None:
        what = delivery_request(store, os.urandom(400_000))
        resume_token: str | None = None
        error: Exception | None = None
        try:
            async with receiver.connector.connect(receiver.settings()) as channel:
                receiver.wire.cut_after(200_000)
                resume_token = await channel.prepare(what)
                await channel.commit(what, resume_token)
        except (NotSent, Uncertain) as raised:
            error = raised
        assert error is not None
        assert sentence(error)
        assert await receiver.arrived() == []
        receiver.wire.mend()
        if isinstance(error, Uncertain) and receiver.connector.manifest.kind is not ReceiverKind.NEITHER:
            await clear_up(receiver, next_attempt(what), resume_token)
        else:
            await deliver(receiver, next_attempt(what))
        assert [seen.content for seen in await receiver.arrived()] == [what.file.read_bytes()]

    async def test_a_receiver_that_is_not_there_is_waited_for(self, receiver: WiredReceiver, store: Path) -> None:
        receiver.wire.cut()
        with pytest.raises(NotSent) as caught:
            await deliver(receiver, delivery_request(store))
        assert caught.value.fault is Fault.INTEGRATION
        receiver.wire.mend()
        await deliver(receiver, next_attempt(delivery_request(store)))
        assert len(await receiver.arrived()) == 1
