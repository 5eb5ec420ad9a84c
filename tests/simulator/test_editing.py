"""Changing and deleting messages, topics, chats and presses."""

from datetime import timedelta

import httpx
import pytest
from telegram import Bot, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from telegram.error import Forbidden, TelegramError

from bot.clock import ManualClock
from bot.simulator import Group, Impossible, Member, Person, Status, World
from bot.simulator.media import PNG
from bot.simulator.state import ADMIN_RIGHTS, Answer

YES = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
WITHOUT_TOPICS = frozenset(ADMIN_RIGHTS) - {"can_manage_topics"}


@pytest.fixture
def bea(world: World, staff: Group) -> Member:
    """An administrator of the staff group."""
    return staff.add(world.add_user(12, "Bea"), status=Status.ADMIN)


async def refusal(call: object) -> str:
    """What Telegram said, in lower case since the client changes case."""
    with pytest.raises(TelegramError) as caught:
        await call  # type: ignore[misc]
    return caught.value.message.lower()


# --- edits ---------------------------------------------------------------------------------------------------------


async def test_an_edit_replaces_words_and_buttons(bot: Bot, patient: Person, clock: ManualClock) -> None:
    sent = await bot.send_message(11, "a", reply_markup=YES)
    clock.tick(timedelta(minutes=1))
    edited = await bot.edit_message_text("<b>b</b>", 11, sent.message_id, parse_mode="HTML")
    assert isinstance(edited, Message)
    assert (edited.text, edited.edit_date, edited.reply_markup) == ("b", clock.now(), None)
    assert patient.last.keys == []
    marked = await bot.edit_message_reply_markup(11, sent.message_id, reply_markup=YES)
    assert isinstance(marked, Message)
    assert marked.reply_markup is not None


async def test_a_caption_can_be_edited(bot: Bot, patient: Person) -> None:
    sent = await bot.send_photo(11, PNG, caption="a")
    await bot.edit_message_caption(11, sent.message_id, caption="b")
    assert patient.last.text == "b"


async def test_edits_telegram_refuses(bot: Bot, world: World, patient: Person, staff: Group) -> None:
    said = patient.says("mine")
    text = await bot.send_message(11, "a", reply_markup=YES)
    photo = await bot.send_photo(11, PNG)
    forwarded = await bot.forward_message(11, 11, said.message_id)
    same = (
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message"
    )
    assert await refusal(bot.edit_message_text("a", 11, text.message_id, reply_markup=YES)) == same
    assert await refusal(bot.edit_message_reply_markup(11, text.message_id, reply_markup=YES)) == same
    assert await refusal(bot.edit_message_text("b", 11, 999)) == "message to edit not found"
    assert await refusal(bot.edit_message_text("b", 11, said.message_id)) == "message can't be edited"
    assert await refusal(bot.edit_message_text("b", 11, forwarded.message_id)) == "message can't be edited"
    assert await refusal(bot.edit_message_text("b", 11, photo.message_id)) == "there is no text in the message to edit"
    no_caption = await refusal(bot.edit_message_caption(11, text.message_id, caption="b"))
    assert no_caption == "there is no caption in the message to edit"
    assert await refusal(bot.edit_message_text("b")) == "message identifier is not specified"
    await bot.delete_message(11, text.message_id)
    assert await refusal(bot.edit_message_text("b", 11, text.message_id)) == "message to edit not found"
    assert [call.params["text"] for call in world.accepted("editMessageText")] == []


async def test_only_inline_keyboards_can_be_edited_in(web: httpx.AsyncClient, bot: Bot, patient: Person) -> None:
    sent = await bot.send_message(11, "a")
    markup = {"chat_id": "11", "message_id": str(sent.message_id), "reply_markup": '{"keyboard": [["a"]]}'}
    answer = await web.post("editMessageReplyMarkup", data=markup)
    assert answer.json()["description"] == "Bad Request: inline keyboard expected"


# --- deletions -----------------------------------------------------------------------------------------------------


async def test_messages_can_be_deleted_for_48_hours(bot: Bot, patient: Person, clock: ManualClock) -> None:
    old = await bot.send_message(11, "old")
    clock.advance(timedelta(hours=48, seconds=1))
    new = await bot.send_message(11, "new")
    assert await bot.delete_message(11, new.message_id)
    assert await refusal(bot.delete_message(11, new.message_id)) == "message to delete not found"
    assert await refusal(bot.delete_message(11, old.message_id)) == "message can't be deleted for everyone"
    assert patient.chat.texts == ["/start", "old"]


async def test_deleting_in_a_group_needs_a_right(bot: Bot, world: World, staff: Group, bea: Member) -> None:
    said = bea.says("oops")
    staff.add_bot(by=bea, rights=frozenset({"can_manage_topics"}))
    mine = await bot.send_message(staff.chat_id, "mine")
    assert await refusal(bot.delete_message(staff.chat_id, said.message_id)) == "message can't be deleted"
    assert await bot.delete_message(staff.chat_id, mine.message_id)
    topic = await bot.create_forum_topic(staff.chat_id, "P-7F3K")
    staff.add_bot(by=bea)
    assert await refusal(bot.delete_message(staff.chat_id, topic.message_thread_id)) == "message can't be deleted"
    assert await bot.delete_message(staff.chat_id, said.message_id)


# --- topics --------------------------------------------------------------------------------------------------------


async def test_the_life_of_a_topic(bot: Bot, staff: Group, bea: Member) -> None:
    topic = await bot.create_forum_topic(staff.chat_id, "P-7F3K")
    thread = topic.message_thread_id
    sent = await bot.send_message(staff.chat_id, "Ann writes", message_thread_id=thread)
    assert (sent.is_topic_message, sent.message_thread_id) == (True, thread)
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.forum_topic_created is not None  # the trap: no reply was meant
    general = await bot.send_message(staff.chat_id, "to all")
    assert (general.is_topic_message, general.message_thread_id) == (None, None)
    answered = bea.replies(sent.message_id, "Tell her to rest")
    assert answered.thread_id == thread
    reply = await bot.send_message(staff.chat_id, "noted", reply_to_message_id=answered.message_id)
    assert reply.message_thread_id == thread
    assert staff.texts_in(thread) == ["Ann writes", "Tell her to rest", "noted"]
    assert staff.texts_in(None) == ["to all"]

    assert await bot.edit_forum_topic(staff.chat_id, thread, "P-7F3K done")
    assert staff.chat.topics[thread].name == "P-7F3K done"
    assert await bot.edit_forum_topic(staff.chat_id, thread)  # nothing to change
    assert await bot.close_forum_topic(staff.chat_id, thread)
    assert await bot.reopen_forum_topic(staff.chat_id, thread)
    assert await bot.delete_forum_topic(staff.chat_id, thread)
    gone = await refusal(bot.send_message(staff.chat_id, "x", message_thread_id=thread))
    assert gone == "message thread not found"
    assert await refusal(bot.edit_forum_topic(staff.chat_id, thread, "x")) == "topic_id_invalid"
    assert staff.texts == ["to all"]


async def test_topics_telegram_refuses(bot: Bot, world: World, patient: Person, staff: Group, bea: Member) -> None:
    group = world.add_group("No topics", forum=False)
    chat = staff.chat_id
    topic = await bot.create_forum_topic(chat, "x" * 128)
    thread = topic.message_thread_id
    assert await refusal(bot.create_forum_topic(group.chat_id, "x")) == "the chat is not a forum"
    assert await refusal(bot.create_forum_topic(chat, "x" * 129)) == "topic_title_invalid"
    assert await refusal(bot.create_forum_topic(chat, " ")) == "name must be non-empty"
    assert await refusal(bot.edit_forum_topic(chat, thread, "x" * 128)) == "topic_not_modified"
    assert await refusal(bot.edit_forum_topic(chat, 0, "x")) == "invalid forum topic identifier specified"
    assert await refusal(bot.reopen_forum_topic(chat, thread)) == "topic_not_modified"
    assert await refusal(bot.send_message(chat, "x", message_thread_id=999)) == "message thread not found"
    assert await refusal(bot.send_message(chat, "x", message_thread_id=1)) == "message thread not found"
    assert await refusal(bot.send_message(11, "x", message_thread_id=5)) == "message thread not found"
    plain = await bot.send_message(group.chat_id, "x", message_thread_id=5)
    assert plain.message_thread_id is None  # a group without topics ignores the thread


async def test_topics_without_the_right(bot: Bot, staff: Group, bea: Member) -> None:
    chat = staff.chat_id
    own = await bot.create_forum_topic(chat, "own")
    theirs = staff.open_topic("theirs", by=bea)
    staff.close_topic(theirs.thread_id, by=bea)
    staff.add_bot(by=bea, rights=frozenset(WITHOUT_TOPICS - {"can_delete_messages"}))
    assert await refusal(bot.create_forum_topic(chat, "x")) == "not enough rights to create a topic"
    assert await refusal(bot.edit_forum_topic(chat, theirs.thread_id, "x")) == "not enough rights to edit the topic"
    refused = await refusal(bot.reopen_forum_topic(chat, theirs.thread_id))
    assert refused == "not enough rights to close or open the topic"
    refused = await refusal(bot.delete_forum_topic(chat, own.message_thread_id))
    assert refused == "not enough rights to delete the topic"
    assert await refusal(bot.send_message(chat, "x", message_thread_id=theirs.thread_id)) == "topic_closed"
    assert await bot.edit_forum_topic(chat, own.message_thread_id, "own, renamed")


async def test_staff_change_topics(world: World, bot: Bot, staff: Group, bea: Member) -> None:
    world.updates.drop_pending()
    topic = staff.open_topic("P-1", by=bea)
    staff.rename_topic(topic.thread_id, "P-2", by=bea)
    staff.close_topic(topic.thread_id, by=bea)
    staff.reopen_topic(topic.thread_id, by=bea)
    bea.says("hello", thread=topic.thread_id)
    staff.delete_topic(topic.thread_id)
    messages = [update.message for update in await bot.get_updates()]
    assert [
        (m.forum_topic_created, m.forum_topic_edited, m.forum_topic_closed, m.forum_topic_reopened) != (None,) * 4
        for m in messages
        if m is not None
    ] == [True] * 4 + [False]
    with pytest.raises(Impossible, match="closed or gone"):
        bea.says("still there?", thread=topic.thread_id)
    staff.set_forum(False)
    with pytest.raises(Impossible, match="no topic"):
        staff.delete_topic(topic.thread_id)


# --- presses -------------------------------------------------------------------------------------------------------


async def pressed(bot: Bot) -> CallbackQuery:
    """The press that is pending."""
    (update,) = await bot.get_updates(offset=-1)
    assert update.callback_query is not None
    return update.callback_query


async def test_a_press_is_answered_once(bot: Bot, patient: Person) -> None:
    sent = await bot.send_message(11, "ok?", reply_markup=YES)
    press = patient.presses("Yes")
    query = await pressed(bot)
    assert (query.data, query.from_user.id) == ("y", 11)
    assert isinstance(query.message, Message)
    assert (query.message.message_id, query.message.text) == (sent.message_id, "ok?")
    assert await bot.answer_callback_query(query.id, "Thank you", show_alert=True)
    assert press.answer == Answer("Thank you", show_alert=True)
    too_old = "query is too old and response timeout expired or query id is invalid"
    assert await refusal(bot.answer_callback_query(query.id)) == too_old
    assert await refusal(bot.answer_callback_query("1")) == too_old


async def test_a_press_waits_only_so_long(bot: Bot, patient: Person, clock: ManualClock) -> None:
    await bot.send_message(11, "ok?", reply_markup=YES)
    press = patient.presses("y")
    assert await refusal(bot.answer_callback_query(press.query_id, "x" * 201)) == "message_too_long"
    clock.advance(timedelta(days=1))  # the demo's buttons move domain time only
    assert await bot.answer_callback_query(press.query_id)
    late = patient.presses("y")
    clock.tick(timedelta(seconds=31))
    assert "too old" in await refusal(bot.answer_callback_query(late.query_id))


async def test_presses_on_messages_the_bot_cannot_see(bot: Bot, world: World, patient: Person) -> None:
    sent = await bot.send_message(11, "ok?", reply_markup=YES)
    patient.last.inaccessible = True
    patient.presses("Yes")
    query = await pressed(bot)
    assert query.message is not None
    assert (query.message.message_id, query.message.is_accessible) == (sent.message_id, False)
    await bot.delete_message(11, sent.message_id)
    with pytest.raises(Impossible, match="no button"):
        patient.presses("Yes")
    patient.presses("Yes", message_id=sent.message_id)  # a phone that has not caught up
    gone = (await pressed(bot)).message
    assert gone is not None
    assert not gone.is_accessible


async def test_a_press_means_the_newest_message_with_that_button(bot: Bot, patient: Person) -> None:
    first = await bot.send_message(11, "one?", reply_markup=YES)
    second = await bot.send_message(11, "two?", reply_markup=YES)
    await bot.send_message(11, "no buttons")
    assert patient.presses("Yes").message_id == second.message_id
    assert patient.presses("Yes", first.message_id).message_id == first.message_id


async def test_buttons_that_cannot_be_pressed(bot: Bot, patient: Person) -> None:
    link = InlineKeyboardMarkup([[InlineKeyboardButton("Site", url="https://clinic.example")]])
    await bot.send_message(11, "x", reply_markup=link)
    for button, message_id in (("Site", None), ("No", None), ("Yes", 999)):
        with pytest.raises(Impossible):
            patient.presses(button, message_id)


async def test_a_forged_press_looks_like_any_other(bot: Bot, world: World, patient: Person, staff: Group) -> None:
    press = world.forge_press(patient, staff.chat_id, 77, "staff:delete_everything")
    query = await pressed(bot)
    assert (query.id, query.data, query.from_user.id) == (press.query_id, "staff:delete_everything", 11)
    assert query.message is not None
    assert not query.message.is_accessible


# --- chats and members ---------------------------------------------------------------------------------------------


async def test_what_can_be_asked_of_a_chat(bot: Bot, world: World, patient: Person, staff: Group, bea: Member) -> None:
    owner = staff.add(world.add_user(13, "Olga"), status=Status.OWNER, anonymous=True)
    private = await bot.get_chat(11)
    group = await bot.get_chat(staff.chat_id)
    basic = await bot.get_chat(world.add_group("Old", basic=True).chat_id)
    assert (private.type, private.first_name) == ("private", "Ann")
    assert (group.type, group.title, group.is_forum, basic.type) == ("supergroup", "Clinic", True, "group")
    statuses = {
        user_id: (await bot.get_chat_member(staff.chat_id, user_id)).status
        for user_id in (11, 12, owner.user_id, bot.id)
    }
    assert statuses == {11: "left", 12: "administrator", 13: "creator", bot.id: "administrator"}
    mine = await bot.get_chat_member(staff.chat_id, bot.id)
    assert mine.to_dict()["can_manage_topics"] is True
    admins = await bot.get_chat_administrators(staff.chat_id)
    assert {admin.user.id for admin in admins} == {12, 13, bot.id}
    assert (await bot.get_chat_member(11, 11)).status == "member"
    assert await refusal(bot.get_chat_member(11, 12)) == "member not found"
    assert await refusal(bot.get_chat_member(staff.chat_id, 99)) == "participant_id_invalid"
    assert await refusal(bot.get_chat_member(staff.chat_id, -1)) == "invalid user_id specified"
    assert await refusal(bot.get_chat_administrators(11)) == "there are no administrators in the private chat"
    assert await refusal(bot.get_chat(404)) == "chat not found"


async def test_bans(bot: Bot, world: World, patient: Person, staff: Group, bea: Member) -> None:
    chat = staff.chat_id
    owner = staff.add(world.add_user(13, "Olga"), status=Status.OWNER)
    guest = staff.add(patient)
    assert await bot.ban_chat_member(chat, 11, until_date=1_900_000_000)
    assert (await bot.get_chat_member(chat, 11)).to_dict()["until_date"] == 1_900_000_000
    with pytest.raises(Impossible, match="not in group"):
        guest.says("hello?")
    assert await bot.unban_chat_member(chat, 11, only_if_banned=True)
    assert (await bot.get_chat_member(chat, 11)).status == "left"
    assert await bot.unban_chat_member(chat, 11, only_if_banned=True)
    assert await refusal(bot.ban_chat_member(chat, owner.user_id)) == "can't remove chat owner"
    assert await refusal(bot.unban_chat_member(chat, owner.user_id)) == "can't remove chat owner"
    assert await refusal(bot.ban_chat_member(chat, 12)) == "user is an administrator of the chat"
    assert await refusal(bot.ban_chat_member(11, 12)) == "chat member status can't be changed in private chats"
    old = world.add_group("Old", basic=True).chat_id
    refused = await refusal(bot.unban_chat_member(old, 11))
    assert refused == "method is available for supergroup and channel chats only"
    staff.add_bot(by=bea, rights=None)
    refused = await refusal(bot.ban_chat_member(chat, 11))
    assert refused == "not enough rights to restrict/unrestrict chat member"


async def test_the_bot_leaves(bot: Bot, staff: Group, patient: Person) -> None:
    assert await bot.leave_chat(staff.chat_id)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.get_chat(staff.chat_id)
    assert await refusal(bot.leave_chat(11)) == "chat member status can't be changed in private chats"


async def test_chat_actions(bot: Bot, world: World, patient: Person) -> None:
    seen: list[str] = []
    stop = world.subscribe(lambda event: seen.append(f"{event.kind}:{event.detail}"))
    assert await bot.send_chat_action(11, "typing")
    stop()
    assert await bot.send_chat_action(11, "upload_photo")
    assert seen == ["action:typing"]
    assert await refusal(bot.send_chat_action(11, "dancing")) == "wrong parameter action in request"
