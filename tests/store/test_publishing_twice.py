"""A double tap on the button that publishes, taken up by two workers, each with its own connection to the database."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.model import ChatId, ChatKind, Decision, Kind, MessageId, Outgoing, Payload, UserId
from bot.services.edit_publishing import EditPublishing
from bot.services.faq_edits import FaqEdits
from bot.services.publishing import Publisher
from bot.services.teach_edits import TeachEdits
from bot.store import accounts, chats, drafts
from bot.store.drafts import PUBLISH, Draft
from bot.store.engine import Store, open_store
from bot.store.lessons import LessonState
from bot.store.tables import audit, content_revision, lesson, message, patient, question
from tests.store.test_publishing import BOT, ONE, publisher_on

TEAM, LINE = ChatId(-100), "do you sell gift vouchers"


@pytest.fixture
async def second_store(database_url: str, store: Store, clock: ManualClock) -> AsyncIterator[Store]:
    """Another worker's."""
    async with open_store(database_url, clock) as opened:
        yield opened


def working(publisher: Publisher) -> EditPublishing:
    """The loop of one worker that publishes."""
    post = publisher._post
    return EditPublishing(post, publisher, lambda: None, {False: FaqEdits(post), True: TeachEdits(post)})


async def drafted(publisher: Publisher, item_id: str | None, values: Mapping[str, str], *, of_lesson: bool) -> Draft:
    """A draft on its card, which may come from a question of a patient; *Publish* was tapped."""
    post, now_us = publisher._post, publisher._post.clock.now_us()
    async with post.store.write() as tx:
        await accounts.set_account(tx, BOT, staff_chat_id=TEAM)
        await chats.touch_chat(post.store, tx, BOT, TEAM, ChatKind.STAFF, now_us)
        card_id = await post.enqueue(tx, Outgoing(TEAM, Kind.RELAY, Payload("The card"), "card"))
        assert card_id is not None
        await tx.execute(patient.insert().values(id=1, bot_id=BOT, code="P-0001", created_us=now_us))
        why = {"candidates": [["heat_or_ice", 0.3]]}
        asked: dict[str, Any] = {"bot_id": BOT, "patient_id": 1, "chat_id": 5, "text": LINE, "why": why}
        await tx.execute(question.insert().values(id=3, **asked, decision=Decision.HAND_OVER, at_us=now_us))
        opened = {"bot_id": BOT, "reason": "unanswered", "state": LessonState.OPEN, "made_us": now_us}
        await tx.execute(lesson.insert().values(question_id=3, **opened))
        base_id = None if of_lesson else publisher._library.served.revision_id
        lesson_id = 3 if of_lesson else None
        draft = Draft(UserId(ONE), TEAM, card_id, item_id, base_id, MappingProxyType(values), lesson_id=lesson_id)
        await drafts.keep(tx, BOT, draft, now_us)
    await tap(publisher, draft)
    return draft


async def tap(publisher: Publisher, draft: Draft) -> None:
    async with publisher._post.store.write() as tx:
        await drafts.want(tx, BOT, MessageId(draft.card_id), PUBLISH, of_lesson=draft.lesson_id is not None)


@pytest.mark.parametrize(
    ("item_id", "values", "of_lesson", "action"),
    [
        pytest.param(None, {"line": LINE, "to": "p"}, True, "teach_publish", id="left to people"),
        pytest.param("heat_or_ice", {"line": LINE, "to": "0"}, True, "teach_publish", id="one more way to ask"),
        pytest.param("heat_or_ice", {"answer": "Warmth."}, False, "faq_publish", id="an answer"),
    ],
)
@pytest.mark.parametrize("tapped", ["before it is stored", "before it is tried"])
async def test_two_workers_publish_it_once(
    store: Store,
    second_store: Store,
    clock: ManualClock,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    item_id: str | None,
    values: Mapping[str, str],
    of_lesson: bool,
    action: str,
    tapped: str,
) -> None:
    first, second = await publisher_on(store, clock, folder), await publisher_on(second_store, clock, folder)
    draft = await drafted(first, item_id, values, of_lesson=of_lesson)
    name = {"before it is stored": "_store", "before it is tried": "propose"}[tapped]
    original = getattr(first, name)

    async def meanwhile(*args: Any) -> Any:
        """The second tap comes now, and all that it leads to is done before the first goes on."""
        await tap(second, draft)
        assert await working(second).work()
        return await original(*args)

    monkeypatch.setattr(first, name, meanwhile)
    assert await working(first).work()
    monkeypatch.undo()
    assert not await working(first).work()
    async with store.read() as tx:
        made = list(await tx.scalars(sa.select(content_revision.c.id).where(content_revision.c.author_id == ONE)))
        assert len(made) == 1
        assert list(await tx.scalars(sa.select(audit.c.action))) == [action]
        edits = list(await tx.scalars(sa.select(message.c.payload).where(message.c.method == "edit_text")))
        assert len(edits) == 1, "the card says what came of it, and nothing over that"
        if of_lesson:
            assert list(await tx.scalars(sa.select(lesson.c.state))) == [LessonState.TAUGHT]
    text = "".join(path.read_text("utf-8") for path in sorted((folder / "en").glob("*.yaml")))
    assert text.count(LINE if of_lesson else "Warmth.") == 1


async def test_a_change_on_the_same_card_is_another_edit(store: Store, clock: ManualClock, folder: Path) -> None:
    publisher = await publisher_on(store, clock, folder)
    draft = await drafted(publisher, "heat_or_ice", {"answer": "Warmth."}, of_lesson=False)
    assert await working(publisher).work()
    await publisher._library.look()
    clock.advance(timedelta(seconds=9))
    again = replace(draft, base_id=publisher._library.served.revision_id, values={"answer": "Ice."})
    async with store.write() as tx:
        await drafts.keep(tx, BOT, again, clock.now_us())
    await tap(publisher, again)
    assert await working(publisher).work()
    await publisher._library.look()
    assert publisher._library.served.content.entries["heat_or_ice"].answer == "Ice."
