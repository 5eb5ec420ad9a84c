"""Telegram's JSON, kind by kind, and what we make of it."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UnreadableUpdate
from bot.markup import escape
from bot.model import (
    BlockedIn,
    ChatId,
    Incoming,
    LeftIn,
    Media,
    MediaIn,
    MessageId,
    MigratedIn,
    NothingIn,
    PressIn,
    Sender,
    TelegramMessageId,
    TextIn,
    UserId,
)
from bot.telegram.updates import fetched, read_update

ANNA: dict[str, Any] = {"id": 77, "is_bot": False, "first_name": "Anna"}
PRIVATE: dict[str, Any] = {"id": 77, "type": "private", "first_name": "Anna"}
GROUP: dict[str, Any] = {"id": -100500, "type": "supergroup", "title": "Clinic"}
CHANNEL: dict[str, Any] = {"id": -100900, "type": "channel", "title": "News"}
BOT: dict[str, Any] = {"id": 4242, "is_bot": True, "first_name": "Aftercare"}
FILE: dict[str, Any] = {"file_id": "f", "file_unique_id": "u"}
SIZE: dict[str, Any] = {**FILE, "width": 90, "height": 90}
SENT, EDITED = 1772356200, 1772359800
SENT_AT, EDITED_AT = datetime(2026, 3, 1, 9, 10, tzinfo=UTC), datetime(2026, 3, 1, 10, 10, tzinfo=UTC)
ANNA_SENT = Sender(UserId(77), first_name="Anna")


def message(chat: dict[str, Any] = PRIVATE, **content: Any) -> dict[str, Any]:
    return {"message": {"message_id": 5, "date": SENT, "chat": chat, "from": ANNA, **content}}


def edited(**content: Any) -> dict[str, Any]:
    return {"edited_message": message(**content)["message"] | {"edit_date": EDITED}}


def press(**content: Any) -> dict[str, Any]:
    return {"callback_query": {"id": "p1", "from": ANNA, "chat_instance": "1", **content}}


def member(status: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "user": BOT, **more}


def membership(chat: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    change = {"chat": chat, "from": ANNA, "date": SENT, "old_chat_member": old, "new_chat_member": new}
    return {"my_chat_member": change}


def text(words: str, **more: Any) -> TextIn:
    said: dict[str, Any] = {
        "chat_id": ChatId(77),
        "sender": ANNA_SENT,
        "message_id": TelegramMessageId(5),
        "sent_at": SENT_AT,
    }
    return TextIn(text=words, **({"html": escape(words)} | said | more))


def media(kind: Media, **more: Any) -> MediaIn:
    return MediaIn(ChatId(77), ANNA_SENT, kind, TelegramMessageId(5), SENT_AT, **more)


def nothing(what: str, chat_id: int = 77) -> NothingIn:
    return NothingIn(ChatId(chat_id), what)


IN_GROUP: dict[str, Any] = {"chat_id": ChatId(-100500), "is_private": False}
POLL = {
    "id": "1",
    "question": "?",
    "options": [],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}
STICKER = {**FILE, "width": 1, "height": 1, "is_animated": False, "is_video": False, "type": "regular"}
BANNED = member("kicked", until_date=0)
OPENED_TOPIC = {
    "message_id": 12,
    "date": SENT,
    "chat": GROUP,
    "forum_topic_created": {"name": "P-7F3K", "icon_color": 1},
}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}

RESTRICTIONS = [
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_send_messages",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_manage_topics",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_edit_tag",
    "can_react_to_messages",
]

RESTRICTED = member("restricted", until_date=0, **dict.fromkeys(RESTRICTIONS, False))

KINDS: list[tuple[str, dict[str, Any], Incoming]] = [
    # words
    ("text", message(text="My leg is sore"), text("My leg is sore")),
    (
        "command",
        message(text="/start abc", entities=[{"type": "bot_command", "offset": 0, "length": 6}]),
        text("/start abc"),
    ),
    (
        "formatting behind an emoji, counted in UTF-16 units",
        message(
            text="/broadcast 😀 Closed & away",
            entities=[
                {"type": "bot_command", "offset": 0, "length": 10},
                {"type": "bold", "offset": 14, "length": 6},
            ],
        ),
        text("/broadcast 😀 Closed & away", html="/broadcast 😀 <b>Closed</b> &amp; away"),
    ),
    (
        "formatting behind half a character",
        message(text="\ud83d\0 sore", entities=[{"type": "italic", "offset": 3, "length": 4}]),
        text("\ufffd\ufffd sore", html="\ufffd\ufffd <i>sore</i>"),
    ),
    (
        "a formatted caption under a picture in several sizes",
        message(
            photo=[SIZE, {**SIZE, "file_id": "large", "width": 1280, "height": 960}],
            caption="New door",
            caption_entities=[{"type": "underline", "offset": 4, "length": 4}],
        ),
        text("New door", html="New <u>door</u>", media=Media.PHOTO, photo="large"),
    ),
    ("caption", message(photo=[SIZE], caption="This?"), text("This?", media=Media.PHOTO, photo="f")),
    ("document with caption", message(document=FILE, caption="Letter"), text("Letter", media=Media.DOCUMENT)),
    ("video with caption", message(video={**SIZE, "duration": 1}, caption="See"), text("See", media=Media.VIDEO)),
    ("voice with caption", message(voice={**FILE, "duration": 1}, caption="Hear"), text("Hear", media=Media.VOICE)),
    ("edited text", edited(text="Very sore"), text("Very sore", edited=True, sent_at=EDITED_AT)),
    (
        "edited caption",
        edited(photo=[SIZE], caption="That"),
        text("That", edited=True, sent_at=EDITED_AT, media=Media.PHOTO, photo="f"),
    ),
    (
        "reply",
        message(text="Yes", reply_to_message=message(text="Sore?")["message"] | {"message_id": 4}),
        text("Yes", reply_to=4, reply_to_sender=ANNA_SENT),
    ),
    ("forwarded", message(text="Read this", forward_date=SENT, forward_sender_name="Bo"), text("Read this")),
    ("half a character and NUL", message(text="sore \ud83d\0!"), text("sore \ufffd\ufffd!")),
    # words in the staff group
    ("group", message(GROUP, text="On it"), text("On it", **IN_GROUP)),
    ("group command", message(GROUP, text="/alerts@aftercare_bot"), text("/alerts@aftercare_bot", **IN_GROUP)),
    (
        "in a topic",
        message(GROUP, text="On it", is_topic_message=True, message_thread_id=12, reply_to_message=OPENED_TOPIC),
        text("On it", thread_id=12, **IN_GROUP),
    ),
    (
        "reply in a topic",
        message(
            GROUP,
            text="On it",
            is_topic_message=True,
            message_thread_id=12,
            reply_to_message=message(GROUP, text="!")["message"] | {"message_id": 40},
        ),
        text("On it", thread_id=12, reply_to=40, reply_to_sender=ANNA_SENT, **IN_GROUP),
    ),
    (
        "chain of replies without topics",
        message(GROUP, text="On it", message_thread_id=4, reply_to_message={**OPENED_TOPIC, "message_id": 4}),
        text("On it", reply_to=4, **IN_GROUP),
    ),
    (
        "anonymous admin",
        message(GROUP, text="On it")
        | {"message": {**message(GROUP, text="On it")["message"], "from": ANONYMOUS, "sender_chat": GROUP}},
        text("On it", **IN_GROUP, sender=Sender(UserId(1087968824), True, True, "Group")),
    ),
    (
        "written as a channel",
        message(GROUP, text="News", sender_chat=CHANNEL),
        text("News", **IN_GROUP),
    ),
    # no words
    ("photo", message(photo=[SIZE]), media(Media.PHOTO, photo="f")),
    ("live photo", message(live_photo={**SIZE, "duration": 1}), media(Media.PHOTO)),
    ("voice", message(voice={**FILE, "duration": 3}), media(Media.VOICE)),
    ("audio", message(audio={**FILE, "duration": 3}), media(Media.VOICE)),
    ("video", message(video={**SIZE, "duration": 3}), media(Media.VIDEO)),
    ("video note", message(video_note={**FILE, "length": 240, "duration": 3}), media(Media.VIDEO)),
    ("animation", message(animation={**SIZE, "duration": 3}, document=FILE), media(Media.VIDEO)),
    ("sticker", message(sticker=STICKER), media(Media.STICKER)),
    ("document", message(document=FILE), media(Media.DOCUMENT)),
    ("contact", message(contact={"phone_number": "+31", "first_name": "Bo"}), media(Media.CONTACT)),
    ("location", message(location={"longitude": 5.1, "latitude": 52.1}), media(Media.LOCATION)),
    (
        "venue",
        message(
            venue={"location": {"longitude": 5.1, "latitude": 52.1}, "title": "Clinic", "address": "Street 1"},
            location={"longitude": 5.1, "latitude": 52.1},
        ),
        media(Media.LOCATION),
    ),
    ("poll", message(poll=POLL), media(Media.OTHER)),
    ("dice", message(dice={"value": 3, "emoji": "🎲"}), media(Media.OTHER)),
    ("newer than the library", message(hologram={"file_id": "h"}), media(Media.OTHER)),
    ("moving live location", edited(location={"longitude": 5.1, "latitude": 52.1}), nothing("edited_message.media")),
    # presses
    (
        "press",
        press(data="zzz.answer:ok", message=message(text="?")["message"]),
        PressIn(ChatId(77), ANNA_SENT, "p1", MessageId(46655), "answer:ok", TelegramMessageId(5)),
    ),
    (
        "press under a message too old to see",
        press(data="zzz.a", message={"chat": GROUP, "message_id": 5, "date": 0}),
        PressIn(ChatId(-100500), ANNA_SENT, "p1", MessageId(46655), "a", TelegramMessageId(5), is_private=False),
    ),
    (
        "press with foreign data",
        press(data="vote=1", message=message(text="?")["message"]),
        PressIn(ChatId(77), ANNA_SENT, "p1", None, None, TelegramMessageId(5)),
    ),
    (
        "press on a game",
        press(game_short_name="darts", inline_message_id="i"),
        PressIn(ChatId(77), ANNA_SENT, "p1", None, None, None),
    ),
    # coming and going
    ("blocked", membership(PRIVATE, member("member"), BANNED), BlockedIn(ChatId(77), ANNA_SENT, True)),
    ("unblocked", membership(PRIVATE, BANNED, member("member")), BlockedIn(ChatId(77), ANNA_SENT, False)),
    (
        "put out of the group",
        membership(GROUP, member("member"), BANNED),
        BlockedIn(ChatId(-100500), ANNA_SENT, True, is_private=False),
    ),
    (
        "added to a group",
        membership(GROUP, member("left"), member("member")),
        BlockedIn(ChatId(-100500), ANNA_SENT, False, is_private=False),
    ),
    (
        "restricted and out",
        membership(GROUP, member("member"), {**RESTRICTED, "is_member": False}),
        BlockedIn(ChatId(-100500), ANNA_SENT, True, is_private=False),
    ),
    (
        "other rights in the group",
        membership(GROUP, member("member"), {**RESTRICTED, "is_member": True}),
        nothing("my_chat_member.rights", -100500),
    ),
    (
        "added to a channel",
        membership(CHANNEL, member("left"), member("member")),
        nothing("my_chat_member.channel", -100900),
    ),
    (
        "group migrated",
        message({**GROUP, "type": "group", "id": -5}, migrate_to_chat_id=-100500),
        MigratedIn(ChatId(-5), ChatId(-100500)),
    ),
    ("left", message(GROUP, left_chat_member=ANNA), LeftIn(ChatId(-100500), ANNA_SENT)),
    # nothing to do
    ("a bot left", message(GROUP, left_chat_member=BOT), nothing("message.service", -100500)),
    ("migrated, told by the new group", message(GROUP, migrate_from_chat_id=-5), nothing("message.service", -100500)),
    ("new members", message(GROUP, new_chat_members=[ANNA]), nothing("message.service", -100500)),
    ("pinned", message(pinned_message=message(text="x")["message"]), nothing("message.service")),
    ("topic opened", {"message": {**OPENED_TOPIC, "from": BOT}}, nothing("message.service", -100500)),
    (
        "forwarded by itself from a linked channel",
        message(GROUP, text="News", sender_chat=CHANNEL, is_automatic_forward=True),
        nothing("message.nobody", -100500),
    ),
    (
        "without a sender",
        {"message": {"message_id": 5, "date": SENT, "chat": GROUP, "text": "?"}},
        nothing("message.nobody", -100500),
    ),
    (
        "channel post",
        {"channel_post": {"message_id": 5, "date": SENT, "chat": CHANNEL, "text": "News"}},
        nothing("channel_post", -100900),
    ),
    ("poll closed", {"poll": POLL}, nothing("poll", 0)),
    ("unheard of", {"telepathy": {"chat": PRIVATE}}, nothing("unknown", 0)),
    ("empty", {}, nothing("unknown", 0)),
]


@pytest.mark.parametrize(("body", "incoming"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_every_kind_of_update_is_understood(body: dict[str, Any], incoming: Incoming) -> None:
    update = fetched({"update_id": 9, **body})

    assert read_update(update.raw) == incoming
    assert update.update_id == 9
    if incoming.chat_id:
        assert update.chat_id == incoming.chat_id


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "null",
        "[]",
        '{"update_id": 9, "message": {"text": "my knee"}}',
        '{"update_id": 9, "message": []}',
        json.dumps({"update_id": 9, **message(text="my knee", date=10**20)}),
        json.dumps({"update_id": 9, **message(text=["my knee"])}),
        '{"update_id": 9, "callback_query": {"id": "p", "from": 7}}',
        "[" * 100_000,
    ],
    ids=["empty", "null", "list", "no date", "no message", "year 3 billion", "text is a list", "no user", "deep"],
)
def test_an_update_against_the_rules_is_named_without_its_words(broken: str) -> None:
    with pytest.raises(UnreadableUpdate) as caught:
        read_update(broken)
    assert "knee" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "chat", "from", "x"]), inner),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(["message", "callback_query", "my_chat_member", "new"]), JSON, max_size=3)


@given(BODIES, st.integers(min_value=-(2**31), max_value=2**63 - 1))
def test_anything_with_an_id_goes_into_the_inbox(body: dict[str, Any], update_id: int) -> None:
    update = fetched({**body, "update_id": update_id})

    assert update.update_id == update_id
    assert -(2**63) <= update.chat_id < 2**63
    assert json.loads(update.raw) == {**body, "update_id": update_id}
    assert update.raw.isascii()


@given(BODIES)
def test_anything_from_the_inbox_is_read_or_refused_by_name(body: dict[str, Any]) -> None:
    with suppress(UnreadableUpdate):
        incoming = read_update(json.dumps({**body, "update_id": 1}))
        assert isinstance(incoming, Incoming)


@pytest.mark.parametrize("raw", [{}, {"update_id": "9"}, {"update_id": True}, {"update_id": 2**63}, {"update_id": 9.0}])
def test_without_an_id_it_is_no_update(raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableUpdate):
        fetched(raw)


@pytest.mark.parametrize(
    ("body", "chat_id"),
    [
        (press(inline_message_id="i"), 77),
        (press(message={"chat": GROUP, "message_id": 1, "date": 0}), -100500),
        ({"inline_query": {"id": "1", "from": ANNA}}, 0),
        ({"message": {"chat": {"id": "77"}}}, 0),
        ({"message": {"chat": {"id": 2**64}}}, 0),
        ({"message": None, "message_reaction": {"chat": GROUP}}, -100500),
    ],
    ids=["inline press", "press", "no chat", "id is text", "id is too large", "other kind"],
)
def test_the_chat_is_known_before_the_update_is_read(body: dict[str, Any], chat_id: int) -> None:
    assert fetched({"update_id": 1, **body}).chat_id == chat_id
