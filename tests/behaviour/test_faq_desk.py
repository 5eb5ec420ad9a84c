"""An answer changed in the chat: seen as patients will, tried out, published, and never over a colleague's unseen."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.content.edit import ChangeEntry
from bot.model import Role, UserId
from bot.services.edit_publishing import EditPublishing
from bot.services.proposing import Proposal
from bot.services.topics import look_at_group
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store import people
from bot.store.tables import audit, draft
from tests.at_the_desk import card, labels, press, reply, types
from tests.few_texts import keep_few

NEW = "It mostly eases within three days. Ring us on {clinic_phone} if it does not."


@pytest.fixture(autouse=True)
def few_texts(content_dir: Path) -> None:
    keep_few(content_dir)


async def open_one(house: House) -> Message:
    found = await types(house, "/faq_edit sore")
    return await press(house, found.keys[0].label)


async def written(house: House) -> Message:
    await open_one(house)
    await press(house, "Answer")
    return await reply(house, NEW)


async def test_a_changed_answer_is_seen_tried_and_published(house: House, content_dir: Path) -> None:
    shown = await written(house)
    assert "It mostly eases within three days." in shown.text
    assert "{clinic_phone}" not in shown.text
    tried = await press(house, "See what changes")
    assert "This is how it will be" in tried.text
    assert "It mostly eases within three days." in tried.text
    assert NEW not in (content_dir / "en" / "soreness.yaml").read_text()
    done = await press(house, "Publish")
    assert done.text.startswith("Published: ")
    assert [key.label for key in done.keys] == ["Sign"]
    assert any(NEW in path.read_text() for path in (content_dir / "en").glob("*.yaml"))
    async with house.app.store.read() as tx:
        assert "faq_publish" in list(await tx.scalars(sa.select(audit.c.action)))


async def test_what_cannot_go_live_says_why(house: House) -> None:
    await open_one(house)
    await press(house, "Answer")
    await reply(house, "Ring {nobody_knows_this}.")
    refused = await press(house, "See what changes")
    assert refused.text.startswith("This cannot go live:")
    assert "nobody_knows_this" in refused.text


async def test_words_without_a_button_before_them_change_nothing(house: House) -> None:
    await open_one(house)
    assert (await reply(house, NEW)).text.startswith("Press a button under the card first")


async def test_a_list_of_groups_leads_to_an_entry(house: House) -> None:
    groups = await types(house, "/faq_edit")
    entries = await press(house, groups.keys[0].label)
    assert entries.keys[-1].label == "All groups"
    assert "This is what patients see." in (await press(house, entries.keys[0].label)).text


async def test_who_goes_on_writing_does_not_take_the_entry_out(house: House) -> None:
    await open_one(house)
    assert (await press(house, "Take out")).text.startswith("Take this out?")
    await press(house, "Change")
    await press(house, "Answer")
    await reply(house, NEW)
    assert (await press(house, "See what changes")).text.startswith("This is how it will be")


async def test_a_clinician_signs_what_was_published_and_nobody_else(house: House) -> None:
    await written(house)
    await press(house, "See what changes")
    await press(house, "Publish")
    assert (await press(house, "Sign")).text.startswith("Published: ")
    async with house.app.store.write() as tx:
        bot_id, member = house.app.post.bot_id, UserId(house.member.user_id)
        await people.give_role(house.app.store, tx, bot_id, member, Role.CLINICIAN, "Member", 0)
        await people.set_values(tx, bot_id, member, registration="AB12345")
    await house.app.look_at_content()
    house.member.presses("Sign", card(house).message_id)
    await house.settle(seconds=20)
    assert "Signed by Member (AB12345)." in house.staff_texts


async def test_a_colleagues_change_is_seen_before_it_is_overwritten(house: House) -> None:
    mine = (await written(house)).message_id
    draft_of = sa.select(draft.c.item_id)
    async with house.app.store.read() as tx:
        entry_id = (await tx.scalars(draft_of)).one()
    publisher = house.app.editing.publisher
    proposal = await publisher.propose(ChangeEntry(entry_id, answer="Theirs is another answer."))
    assert isinstance(proposal, Proposal)
    await publisher.publish(proposal, UserId(house.owner.user_id))

    async def pressed(label: str) -> str:
        house.member.presses(label, mine)
        await house.settle(seconds=20)
        return next(one.text for one in house.world.from_bot(house.staff.chat_id) if one.message_id == mine)

    seen = await pressed("See what changes")
    assert "Theirs is another answer." in seen
    assert "It mostly eases" in seen
    await house.app.look_at_content()
    assert (await pressed("Mine on top of it")).startswith("This is how it will be")


async def history_of_a_change(house: House) -> Message:
    """The changes of the texts, once an answer was changed."""
    await written(house)
    await press(house, "See what changes")
    await press(house, "Publish")
    await house.app.look_at_content()
    await house.settle(seconds=30)
    return await types(house, "/faq_history")


async def test_a_change_is_taken_back_from_the_history(house: House, content_dir: Path) -> None:
    before = (content_dir / "en" / "soreness.yaml").read_text()
    history = await history_of_a_change(house)
    assert "Member: " in history.text
    after = (content_dir / "en" / "soreness.yaml").read_text()
    done = await press(house, "Take back")
    assert "is taken back" in done.text, "with one tap"
    assert (content_dir / "en" / "soreness.yaml").read_text() == before
    async with house.app.store.read() as tx:
        assert "faq_undo" in list(await tx.scalars(sa.select(audit.c.action)))
    await house.app.look_at_content()
    await press(house, "Put it back", on=done)
    again = on_screen(house, done)
    assert "is back in use" in again.text
    assert (content_dir / "en" / "soreness.yaml").read_text() == after
    await house.app.look_at_content()


async def test_a_change_that_may_not_be_taken_back_now_says_why(house: House, content_dir: Path) -> None:
    history = await history_of_a_change(house)
    broken = content_dir / "en" / "sensations.yaml"
    broken.write_text(broken.read_text().replace("answer:", "answr:", 1))
    refused = await press(house, "Take back", on=history)
    assert refused.text.startswith("This cannot go live:")
    assert "sensations.yaml" in refused.text
    assert NEW in (content_dir / "en" / "soreness.yaml").read_text()


async def test_what_was_changed_since_is_not_taken_back_unseen(house: House, content_dir: Path) -> None:
    history = await history_of_a_change(house)
    publisher = house.app.editing.publisher
    entry_id = next(one.touched[0] for one in await publisher.history() if one.touched)
    proposal = await publisher.propose(ChangeEntry(entry_id, answer="Theirs is another answer."))
    assert isinstance(proposal, Proposal)
    await publisher.publish(proposal, UserId(house.owner.user_id))
    refused = await press(house, "Take back", on=history)
    assert refused.text.startswith("This text was changed again since.")
    assert refused.keys == []
    assert "Theirs is another answer." in (content_dir / "en" / "soreness.yaml").read_text()


def on_screen(house: House, message: Message) -> Message:
    """What stands there now."""
    return next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == message.message_id)


async def test_a_double_tap_takes_a_change_back_once(
    house: House, content_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (content_dir / "en" / "soreness.yaml").read_text()
    history = await history_of_a_change(house)
    label = next(key.label for key in history.keys if key.label.startswith("Take back"))

    async def nothing(self: EditPublishing) -> bool:
        return False

    with monkeypatch.context() as busy:
        busy.setattr(EditPublishing, "work", nothing)
        for _ in range(2):
            house.member.presses(label, history.message_id)
            await house.settle()
        on_their_way = [one for one in house.world.from_bot(house.staff.chat_id) if "taking this back" in one.text]
        assert len(on_their_way) == 1
        house.member.presses("Try again", on_their_way[0].message_id)
        await house.settle()
    await house.settle(seconds=30)
    assert "is taken back" in on_screen(house, on_their_way[0]).text
    await house.app.look_at_content()
    await press(house, "Take back", on=history)
    told = [one for one in house.world.from_bot(house.staff.chat_id) if "is taken back" in one.text]
    assert len(told) == 2, "it is said again, and done once"
    assert (content_dir / "en" / "soreness.yaml").read_text() == before
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(audit.c.action))).count("faq_undo") == 1


async def test_a_card_counts_what_patients_made_of_the_answer(house: House) -> None:
    for number, label in enumerate(("That helped", "That helped", "Ask the team", "Not what I asked")):
        patient = house.world.add_user(30 + number, "Somebody")
        patient.starts()
        patient.says("how long will I be sore")
        await house.settle(seconds=20)
        patient.presses(label)
        await house.settle(seconds=20)
    await types(house, "/faq_edit how long will I be sore")
    shown = await press(house, "How long will I be sore?")
    counts = "given 4 ×. Patients pressed That helped 2 ×, Not what I asked 1 ×, Ask the team 1 ×."
    assert shown.text.endswith(f"Last 90 days: {counts}")


async def test_who_presses_publish_twice_publishes_once(house: House) -> None:
    await written(house)
    tried = await press(house, "See what changes")
    for _ in range(2):
        house.member.presses("Publish", tried.message_id)
    await house.settle(seconds=20)
    assert card(house).text.startswith("Published: ")
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(audit.c.action))).count("faq_publish") == 1
        assert not (await tx.scalars(sa.select(draft.c.user_id))).all()


async def test_an_answer_is_edited_in_the_topic_where_it_was_found(house: House) -> None:
    await look_at_group(house.app.post, house.app.client)
    house.patient.says("how long will I be sore")
    await house.settle(seconds=20)
    house.patient.presses("Ask the team")
    await house.settle(seconds=30)
    house.patient.says("how long will I be sore")
    await house.settle(seconds=30)
    why = next(one for one in house.world.from_bot(house.staff.chat_id) if "Why this answer" in labels(one))
    opened = await press(house, "Why this answer", on=why)
    opened = await press(house, "Edit this answer", on=opened)
    assert opened.thread_id == why.thread_id is not None
    await press(house, "Answer")
    assert (await reply(house, NEW)).thread_id == why.thread_id
