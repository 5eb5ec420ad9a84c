"""What people do, and how the bot hears of it by long polling."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from telegram import Bot, Message
from telegram.error import Conflict

from bot.clock import ManualClock
from bot.simulator import Group, Impossible, Person, Status, World


async def heard(bot: Bot) -> list[Message]:
    """The messages that are pending, confirmed as they are read."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.effective_message for update in updates if update.effective_message is not None]


# --- what people do ------------------------------------------------------------------------------------------------


async def test_the_first_message_is_a_start_with_its_payload(bot: Bot, world: World, clock: ManualClock) -> None:
    world.add_user(12, "Bob").starts("ref_42")
    (message,) = await heard(bot)
    assert (message.text, message.date, message.chat.type) == ("/start ref_42", clock.now(), "private")
    assert [(e.type, e.offset, e.length) for e in message.entities] == [("bot_command", 0, 6)]
    assert message.from_user is not None
    assert (message.from_user.first_name, message.from_user.is_bot) == ("Bob", False)


async def test_everything_a_patient_can_send(bot: Bot, patient: Person) -> None:
    patient.says("hello 😀 <b>")
    patient.sends_photo("my arm")
    patient.sends_document("letter", "a.pdf")
    patient.sends_voice(7)
    patient.sends_video("clip")
    patient.sends_sticker("🎉")
    patient.shares_contact("+15550100")
    patient.shares_contact("+15550111", name="Mum")
    patient.sends_location(1.5, 2.5)
    text, photo, document, voice, video, sticker, contact, other, location = await heard(bot)
    assert (text.text, text.entities) == ("hello 😀 <b>", ())
    assert (photo.caption, photo.photo[-1].width) == ("my arm", 1280)
    assert document.document is not None
    assert (document.caption, document.document.file_name) == ("letter", "a.pdf")
    assert voice.voice is not None
    assert voice.voice.duration == timedelta(seconds=7)
    assert video.video is not None
    assert sticker.sticker is not None
    assert sticker.sticker.emoji == "🎉"
    assert contact.contact is not None
    assert other.contact is not None
    assert (contact.contact.user_id, other.contact.user_id) == (11, None)
    assert location.location is not None
    assert location.location.latitude == 1.5


async def test_formatting_arrives_as_telegram_counts_it(bot: Bot, patient: Person) -> None:
    said = patient.says("/note 😀 <b>on &lt;time&gt;</b>", is_html=True)
    patient.sends_photo("<i>door</i>", is_html=True)
    patient.edits(said, "<u>late</u>", is_html=True)
    text, photo, edited = await heard(bot)
    assert text.text == "/note 😀 on <time>"
    assert [(e.type, e.offset, e.length) for e in text.entities] == [("bot_command", 0, 5), ("bold", 9, 9)]
    assert [(e.type, e.offset, e.length) for e in photo.caption_entities] == [("italic", 0, 4)]
    assert [(e.type, e.offset, e.length) for e in edited.entities] == [("underline", 0, 4)]


async def test_an_edit_arrives_as_an_edited_message(bot: Bot, patient: Person, clock: ManualClock) -> None:
    said = patient.says("my kne hurts")
    await heard(bot)
    clock.tick(timedelta(seconds=9))
    patient.edits(said, "my knee hurts")
    (update,) = await bot.get_updates()
    assert update.edited_message is not None
    assert (update.edited_message.text, update.edited_message.edit_date) == ("my knee hurts", clock.now())
    assert update.edited_message.message_id == said.message_id


async def test_blocking_and_unblocking(bot: Bot, patient: Person) -> None:
    patient.blocks()
    with pytest.raises(Impossible, match="blocked"):
        patient.says("hello?")
    with pytest.raises(Impossible, match="already"):
        patient.blocks()
    patient.starts()
    blocked, unblocked, start = await bot.get_updates()
    for update, before, after in ((blocked, "member", "kicked"), (unblocked, "kicked", "member")):
        assert update.my_chat_member is not None
        assert update.my_chat_member.old_chat_member.status == before
        assert update.my_chat_member.new_chat_member.status == after
        assert update.my_chat_member.chat.id == 11
    assert start.message is not None
    assert start.message.text == "/start"


async def test_replies_carry_the_message_they_answer(bot: Bot, patient: Person) -> None:
    sent = await bot.send_message(11, "How is your leg?")
    patient.replies(sent.message_id, "Better")
    (message,) = await heard(bot)
    assert message.reply_to_message is not None
    assert message.reply_to_message.text == "How is your leg?"
    with pytest.raises(Impossible, match="no message 99"):
        patient.replies(99, "what?")
    with pytest.raises(Impossible, match="is not Ann's"):
        patient.edits(sent.message_id, "Better")
    assert patient.last.text == "How is your leg?"


async def test_staff_in_topics_and_as_anonymous_administrators(bot: Bot, world: World, staff: Group) -> None:
    topic = await bot.create_forum_topic(staff.chat_id, "P-1")
    bea = staff.add(world.add_user(12, "Bea"))
    olga = staff.add(world.add_user(13, "Olga"), status=Status.OWNER, anonymous=True)
    await heard(bot)
    bea.says("to her", thread=topic.message_thread_id)
    olga.says("to all")
    in_topic, anonymous = await heard(bot)
    assert (in_topic.message_thread_id, in_topic.is_topic_message) == (topic.message_thread_id, True)
    assert in_topic.reply_to_message is not None
    assert in_topic.reply_to_message.forum_topic_created is not None
    assert anonymous.from_user is not None
    assert anonymous.sender_chat is not None
    assert (anonymous.from_user.username, anonymous.sender_chat.id) == ("GroupAnonymousBot", staff.chat_id)


async def test_a_bot_without_rights_hears_only_what_is_meant_for_it(
    bot: Bot, world: World, staff: Group, patient: Person
) -> None:
    bea = staff.add(world.add_user(12, "Bea"))
    staff.add_bot(by=bea, rights=None)
    mine = await bot.send_message(staff.chat_id, "mine")
    await heard(bot)
    bea.says("among us")
    bea.says("/status")
    bea.replies(mine.message_id, "to you")
    assert [message.text for message in await heard(bot)] == ["/status", "to you"]
    world.reads_all_group_messages = True
    bea.says("among us")
    assert len(await heard(bot)) == 1
    staff.kick_bot(by=bea)
    bea.says("now it is gone")
    (update,) = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"


async def test_members_come_and_go(bot: Bot, world: World, staff: Group) -> None:
    await bot.get_updates(allowed_updates=["message", "chat_member"])
    bea = staff.add(world.add_user(12, "Bea"))
    staff.kick(bea)
    joined, came, left, went = await bot.get_updates()
    assert joined.chat_member is not None
    assert joined.chat_member.new_chat_member.status == "member"
    assert came.message is not None
    assert [user.id for user in came.message.new_chat_members] == [12]
    assert left.chat_member is not None
    assert went.message is not None
    assert went.message.left_chat_member is not None
    with pytest.raises(Impossible, match="not in group"):
        bea.says("wait")
    with pytest.raises(Impossible, match="not in group"):
        staff.member(world.add_user(14, "Stranger"))


async def test_a_group_is_upgraded(bot: Bot, world: World, patient: Person) -> None:
    old = world.add_group("Clinic", basic=True)
    bea = old.add(world.add_user(12, "Bea"))
    await heard(bot)
    new = old.migrate(by=bea)
    out, into = await heard(bot)
    assert (out.chat.id, out.migrate_to_chat_id) == (old.chat_id, new.chat_id)
    assert (into.chat.id, into.migrate_from_chat_id) == (new.chat_id, old.chat_id)
    with pytest.raises(Impossible, match="is now"):
        bea.says("here?")
    new.member(bea).says("here!")
    assert new.texts == ["here!"]
    with pytest.raises(Impossible, match="no basic group"):
        new.migrate(by=new.member(bea))


async def test_ids_are_unique(world: World) -> None:
    world.add_user(1, "A")
    world.add_group("G", chat_id=-7)
    wrongs: list[Callable[[], object]] = [
        lambda: world.add_user(1, "B"),
        lambda: world.add_user(world.bot_user.user_id, "B"),
        lambda: world.add_group("H", chat_id=-7),
        lambda: world.add_group("H", chat_id=7),
        lambda: world.revoke_token("5:x"),
    ]
    for wrong in wrongs:
        with pytest.raises(Impossible):
            wrong()


async def test_watchers_see_every_change(bot: Bot, world: World, patient: Person) -> None:
    seen: list[str] = []
    stop = world.subscribe(lambda event: seen.append(event.kind.value))
    said = patient.says("a")
    sent = await bot.send_message(11, "b")
    await bot.edit_message_text("c", 11, sent.message_id)
    patient.deletes(said)
    patient.blocks()
    await bot.set_my_commands([("help", "Help")])
    stop()
    patient.unblocks()
    assert seen == ["message", "message", "edited", "deleted", "chat", "profile"]


# --- polling -------------------------------------------------------------------------------------------------------


async def test_updates_stay_until_a_higher_offset_is_asked_for(bot: Bot, patient: Person) -> None:
    for text in "abc":
        patient.says(text)
    first = await bot.get_updates(limit=2)
    again = await bot.get_updates(limit=2)
    assert [u.update_id for u in first] == [u.update_id for u in again]
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [u.effective_message.text for u in rest if u.effective_message] == ["c"]
    assert rest[0].update_id == first[-1].update_id + 1


async def test_a_negative_offset_forgets_all_but_the_newest(bot: Bot, patient: Person) -> None:
    for text in "abc":
        patient.says(text)
    (newest,) = await bot.get_updates(offset=-1)
    assert newest.effective_message is not None
    assert newest.effective_message.text == "c"
    assert len(await bot.get_updates()) == 1


async def test_at_most_a_hundred_at_once(bot: Bot, patient: Person) -> None:
    for number in range(120):
        patient.says(str(number))
    assert len(await bot.get_updates(limit=1000)) == 100


async def test_a_long_poll_ends_when_something_comes(bot: Bot, patient: Person) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.01)
    patient.says("now")
    (update,) = await asyncio.wait_for(poll, 1)
    assert update.message is not None
    assert update.message.text == "now"


async def test_a_long_poll_ends_empty(bot: Bot, world: World) -> None:
    assert await bot.get_updates(timeout=1) == ()


async def test_the_second_poller_ends_the_first(bot: Bot, patient: Person) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot instance"):
        await asyncio.wait_for(first, 1)
    patient.says("to the second")
    assert len(await asyncio.wait_for(second, 1)) == 1


async def test_updates_are_kept_for_24_hours(bot: Bot, patient: Person, clock: ManualClock) -> None:
    patient.says("yesterday")
    clock.advance(timedelta(hours=23))
    patient.says("today")
    clock.advance(timedelta(hours=1, seconds=1))
    assert [message.text for message in await heard(bot)] == ["today"]


async def test_only_the_kinds_asked_for(bot: Bot, patient: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    patient.says("not heard")
    assert await bot.get_updates() == ()
    await bot.get_updates(allowed_updates=[])
    patient.says("heard")
    assert len(await bot.get_updates()) == 1


async def test_updates_come_again_and_out_of_order(bot: Bot, world: World, patient: Person) -> None:
    for text in "abc":
        patient.says(text)
    world.updates.shuffle(lambda pending: pending[::-1])
    updates = await bot.get_updates()
    assert [u.message.text for u in updates if u.message] == ["c", "b", "a"]
    await bot.get_updates(offset=max(u.update_id for u in updates) + 1)
    world.redeliver(updates[-1].update_id)
    (again,) = await bot.get_updates(offset=max(u.update_id for u in updates) + 1)
    assert again.update_id == updates[-1].update_id
    assert await bot.get_updates() == ()
    with pytest.raises(LookupError, match="no update 5"):
        world.redeliver(5)


async def test_redelivery_wakes_a_poll(bot: Bot, world: World, patient: Person) -> None:
    patient.says("a")
    (update,) = await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=update.update_id + 1, timeout=30))
    await asyncio.sleep(0.01)
    world.redeliver(update.update_id)
    assert len(await asyncio.wait_for(poll, 1)) == 1
