"""Sending, through the real client: what arrives, and what Telegram refuses in which words."""

import json

import httpx
import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError

from bot.clock import ManualClock
from bot.markup import MAX_CAPTION, MAX_TEXT
from bot.simulator import Group, Person, Status, World
from bot.simulator.errors import Impossible
from bot.simulator.media import MAX_PHOTO, PNG


def buttons(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower())] for label in labels])


async def test_a_text_arrives_as_sent(bot: Bot, patient: Person, clock: ManualClock) -> None:
    sent = await bot.send_message(
        patient.chat_id,
        "  <b>Hello</b> 😀 <a href='https://clinic.example'>site</a>\n",
        "HTML",
        reply_markup=buttons("Yes"),
    )
    assert sent.text == "Hello 😀 site"
    assert sent.date == clock.now()
    assert [(e.type, e.offset, e.length) for e in sent.entities] == [("bold", 0, 5), ("text_link", 9, 4)]
    assert sent.reply_markup is not None
    assert patient.last.text == "Hello 😀 site"
    assert patient.last.words.html == "<b>Hello</b> 😀 <a href='https://clinic.example'>site</a>"
    assert [key.label for key in patient.last.keys] == ["Yes"]


async def test_without_parse_mode_markup_is_only_text(bot: Bot, patient: Person) -> None:
    await bot.send_message(patient.chat_id, "a < b & <b>c</b>")
    assert patient.last.text == "a < b & <b>c</b>"
    assert patient.last.words.html == "a &lt; b &amp; &lt;b&gt;c&lt;/b&gt;"


async def test_message_ids_rise_in_each_chat(bot: Bot, world: World, patient: Person) -> None:
    other = world.add_user(12, "Bob")
    other.starts()
    first = await bot.send_message(patient.chat_id, "one")
    second = await bot.send_message(patient.chat_id, "two")
    elsewhere = await bot.send_message(other.chat_id, "one")
    assert second.message_id == first.message_id + 1
    assert elsewhere.message_id == first.message_id
    assert world.chats[patient.chat_id].texts[-2:] == ["one", "two"]
    assert world.chats[patient.chat_id].last.text == "two"


@pytest.mark.parametrize(
    ("text", "parse_mode", "message"),
    [
        pytest.param("", None, "Message text is empty", id="empty"),
        pytest.param(" \n ", None, "Text must be non-empty", id="blank"),
        pytest.param("<b> </b>", "HTML", "Text must be non-empty", id="blank after parsing"),
        pytest.param("x" * (MAX_TEXT + 1), None, "Message is too long", id="too long"),
        pytest.param("😀" * (MAX_TEXT // 2) + "x", None, "Message is too long", id="too long in utf-16"),
        pytest.param("é" * 20_000, None, "Text is too long", id="source over 32 KiB"),
        pytest.param(
            "a<br>b", "HTML", 'Can\'t parse entities: unsupported start tag "br" at byte offset 1', id="bad tag"
        ),
        pytest.param("*a*", "MarkdownV2", "Unsupported parse_mode", id="markdown is not ours"),
    ],
)
async def test_texts_telegram_refuses(
    bot: Bot, world: World, patient: Person, text: str, parse_mode: str | None, message: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await bot.send_message(patient.chat_id, text, parse_mode)
    assert caught.value.message.lower() == message.lower()
    assert world.calls == []
    assert len(world.refused) == 1
    assert world.from_bot(patient.chat_id) == []


async def test_the_longest_text_counts_after_parsing(bot: Bot, patient: Person) -> None:
    await bot.send_message(patient.chat_id, f"<b>{'😀' * (MAX_TEXT // 2)}</b>", "HTML")
    assert len(patient.last.text) == MAX_TEXT // 2


BAD_BUTTONS = {
    "data over 64 bytes": ({"text": "a", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
    "neither data nor url": (
        {"text": "a"},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    "both": (
        {"text": "a", "callback_data": "a", "url": "https://a.example"},
        "can't parse inline keyboard button: exactly one of url and callback_data must be used",
    ),
    "no label": ({"text": " ", "callback_data": "a"}, "inline keyboard button text must be non-empty"),
    "not a link": (
        {"text": "a", "url": "not a link"},
        "inline keyboard button URL 'not a link' is invalid: Wrong HTTP URL",
    ),
    "half a link": (
        {"text": "a", "url": "http://["},
        "inline keyboard button URL 'http://[' is invalid: Wrong HTTP URL",
    ),
    "no object": ("a", "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
}


@pytest.mark.parametrize(("button", "message"), BAD_BUTTONS.values(), ids=BAD_BUTTONS.keys())
async def test_buttons_telegram_refuses(web: httpx.AsyncClient, patient: Person, button: object, message: str) -> None:
    markup = json.dumps({"inline_keyboard": [[button]]})
    answer = await web.post("sendMessage", data={"chat_id": "11", "text": "x", "reply_markup": markup})
    assert answer.json() == {"ok": False, "error_code": 400, "description": f"Bad Request: {message}"}


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ("{", "can't parse reply keyboard markup JSON object"),
        ("[]", "object expected as reply markup"),
        (
            '{"inline_keyboard": [{}]}',
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
    ],
)
async def test_markup_that_is_no_markup(web: httpx.AsyncClient, patient: Person, markup: str, message: str) -> None:
    answer = await web.post("sendMessage", data={"chat_id": "11", "text": "x", "reply_markup": markup})
    assert answer.json()["description"] == f"Bad Request: {message}"


async def test_at_most_a_hundred_buttons(bot: Bot, patient: Person) -> None:
    with pytest.raises(BadRequest, match="Reply markup is too long"):
        await bot.send_message(patient.chat_id, "x", reply_markup=buttons(*(f"b{i}" for i in range(101))))


async def test_data_of_exactly_64_bytes_and_links_are_fine(bot: Bot, patient: Person) -> None:
    rows = [[InlineKeyboardButton("A", callback_data="é" * 32), InlineKeyboardButton("B", url="tg://resolve?domain=x")]]
    await bot.send_message(patient.chat_id, "x", reply_markup=InlineKeyboardMarkup(rows))
    assert [(key.data, key.url) for key in patient.last.keys] == [("é" * 32, None), (None, "tg://resolve?domain=x")]


async def test_a_reply_keyboard_is_kept_for_the_page(bot: Bot, patient: Person) -> None:
    await bot.send_message(patient.chat_id, "x", reply_markup=ReplyKeyboardMarkup([["Yes", "No"]]))
    assert patient.last.reply_keyboard == {"keyboard": [[{"text": "Yes"}, {"text": "No"}]]}


async def test_a_key_types_its_label_or_shares_the_own_number_until_it_is_taken_away(bot: Bot, patient: Person) -> None:
    keys: list[list[str | KeyboardButton]] = [[KeyboardButton("My number", request_contact=True)], ["No"]]
    await bot.send_message(patient.chat_id, "x", reply_markup=ReplyKeyboardMarkup(keys, one_time_keyboard=True))
    await bot.send_message(patient.chat_id, "y")
    assert patient.taps("No").text == "No"
    shared = patient.taps("My number").media
    assert shared is not None
    assert shared.kind == "contact"
    assert isinstance(shared.fields, dict)
    assert shared.fields["user_id"] == patient.user_id
    with pytest.raises(Impossible, match="no key 'Yes'"):
        patient.taps("Yes")
    await bot.send_message(patient.chat_id, "z", reply_markup=ReplyKeyboardRemove())
    with pytest.raises(Impossible, match="no key 'No'"):
        patient.taps("No")


@pytest.mark.parametrize(
    ("chat", "keyboard", "message"),
    [
        ("11", {}, 'field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays'),
        ("11", [[5]], "can't parse keyboard button: KeyboardButton must be a String or an Object"),
        ("11", [[{"text": " "}]], "keyboard button text must be non-empty"),
        ("group", [[{"text": "a", "request_contact": True}]], "phone number can be requested in private chats only"),
    ],
)
async def test_keys_telegram_refuses(
    web: httpx.AsyncClient, patient: Person, staff: Group, chat: str, keyboard: object, message: str
) -> None:
    chat_id = str(staff.chat_id) if chat == "group" else chat
    markup = json.dumps({"keyboard": keyboard})
    answer = await web.post("sendMessage", data={"chat_id": chat_id, "text": "x", "reply_markup": markup})
    assert answer.json() == {"ok": False, "error_code": 400, "description": f"Bad Request: {message}"}


# --- who cannot be reached -----------------------------------------------------------------------------------------


async def test_strangers_and_people_who_never_started(bot: Bot, world: World) -> None:
    world.add_user(12, "Bob")
    for chat_id in (12, 999, -5):
        with pytest.raises(BadRequest, match=r"^Chat not found$"):
            await bot.send_message(chat_id, "x")


async def test_a_blocked_bot_may_still_edit_but_not_send(bot: Bot, world: World, patient: Person) -> None:
    sent = await bot.send_message(patient.chat_id, "x")
    patient.blocks()
    for send in (bot.send_message(11, "y"), bot.send_chat_action(11, "typing"), bot.copy_message(11, 11, 1)):
        with pytest.raises(Forbidden, match=r"^Forbidden: bot was blocked by the user$"):
            await send
    await bot.edit_message_text("z", 11, sent.message_id)
    patient.unblocks()
    await bot.send_message(11, "again")
    assert world.messages(11)[-1].text == "again"


async def test_a_deleted_account(bot: Bot, patient: Person) -> None:
    patient.deactivates()
    with pytest.raises(Forbidden, match=r"^Forbidden: user is deactivated$"):
        await bot.send_message(11, "x")


@pytest.mark.parametrize(
    ("basic", "status", "message"),
    [
        (False, Status.KICKED, "Forbidden: bot was kicked from the supergroup chat"),
        (True, Status.KICKED, "Forbidden: bot was kicked from the group chat"),
        (False, Status.LEFT, "Forbidden: bot is not a member of the supergroup chat"),
        (True, Status.LEFT, "Forbidden: bot is not a member of the group chat"),
    ],
)
async def test_groups_without_the_bot(bot: Bot, world: World, basic: bool, status: Status, message: str) -> None:
    group = world.add_group("Old", basic=basic, bot=status)
    with pytest.raises(Forbidden) as caught:
        await bot.send_message(group.chat_id, "x")
    assert caught.value.message == message


async def test_an_upgraded_group_names_its_new_id(bot: Bot, world: World, patient: Person) -> None:
    old = world.add_group("Clinic", basic=True)
    new = old.migrate(by=old.add(patient))
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(old.chat_id, "x")
    assert caught.value.new_chat_id == new.chat_id
    await bot.send_message(new.chat_id, "here")
    assert new.texts == ["here"]


async def test_error_bodies_have_telegrams_form(web: httpx.AsyncClient, world: World, patient: Person) -> None:
    old = world.add_group("Clinic", basic=True)
    new = old.migrate(by=old.add(patient))
    migrated = await web.post("sendMessage", data={"chat_id": old.chat_id, "text": "x"})
    assert migrated.status_code == 400
    assert migrated.json() == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": new.chat_id},
    }
    empty = await web.post("sendMessage", data={"text": "x"})
    assert empty.json()["description"] == "Bad Request: chat_id is empty"


# --- replies -------------------------------------------------------------------------------------------------------


async def test_replies_point_to_a_message_that_is_there(bot: Bot, patient: Person) -> None:
    asked = patient.says("Is this normal?")
    sent = await bot.send_message(11, "Yes", reply_parameters=ReplyParameters(asked.message_id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "Is this normal?"
    patient.deletes(asked)
    with pytest.raises(BadRequest, match=r"^Message to be replied not found$"):
        await bot.send_message(11, "Yes", reply_parameters=ReplyParameters(asked.message_id))
    await bot.send_message(
        11, "Still yes", reply_parameters=ReplyParameters(asked.message_id, allow_sending_without_reply=True)
    )
    assert patient.last.reply_to is None


@pytest.mark.parametrize(
    ("reply", "message"),
    [("{", "can't parse reply parameters JSON object"), ("[1]", "object expected as reply parameters")],
)
async def test_reply_parameters_that_are_none(
    web: httpx.AsyncClient, patient: Person, reply: str, message: str
) -> None:
    answer = await web.post("sendMessage", data={"chat_id": "11", "text": "x", "reply_parameters": reply})
    assert answer.json()["description"] == f"Bad Request: {message}"


# --- files ---------------------------------------------------------------------------------------------------------


async def test_a_file_is_uploaded_once_and_sent_again_by_its_id(bot: Bot, world: World, patient: Person) -> None:
    data = bytes(range(256)) * 40 + b"\r\n--boundary\r\n"
    first = await bot.send_document(11, data, caption="<i>Plan</i>", filename="pl\u00e4n.pdf", parse_mode="HTML")
    assert first.document is not None
    assert (first.document.file_name, first.document.file_size) == ("pl\u00e4n.pdf", len(data))
    assert (first.caption, first.caption_entities[0].type) == ("Plan", "italic")
    second = await bot.send_document(11, first.document.file_id)
    assert second.document is not None
    assert second.document.file_unique_id == first.document.file_unique_id
    assert [call.params["document"] for call in world.accepted("sendDocument")] == [
        "pl\u00e4n.pdf",
        first.document.file_id,
    ]


async def test_files_can_be_attached_by_name(bot: Bot, patient: Person) -> None:
    sent = await bot.send_document(11, InputFile(b"%PDF", filename="a.pdf", attach=True))
    assert sent.document is not None
    assert sent.document.mime_type == "application/pdf"


async def test_what_was_sent_can_be_downloaded(bot: Bot, patient: Person) -> None:
    photo = patient.sends_photo("look")
    assert photo.media is not None
    assert photo.media.file is not None
    file = await bot.get_file(photo.media.file.file_id)
    assert bytes(await file.download_as_bytearray()) == PNG


async def test_photos_and_voice(bot: Bot, patient: Person) -> None:
    photo = await bot.send_photo(11, PNG, caption="Stretch")
    assert photo.photo[-1].file_size == len(PNG)
    voice = await bot.send_voice(11, b"OggS", duration=3)
    assert voice.voice is not None
    assert voice.voice.mime_type == "audio/ogg"
    with pytest.raises(BadRequest, match="Can't use file of type photo as document"):
        await bot.send_document(11, photo.photo[-1].file_id)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "File must be non-empty", id="empty"),
        pytest.param(b"text", "Image_process_failed", id="no picture"),
        pytest.param(
            PNG + bytes(MAX_PHOTO),
            f"File of size {MAX_PHOTO + len(PNG)} bytes is too big for a photo; the maximum size is 10485760 bytes",
            id="over 10 MB",
        ),
    ],
)
async def test_photos_telegram_refuses(bot: Bot, patient: Person, data: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bot.send_photo(11, InputFile(data, filename="a.png"))
    assert caught.value.message == message


async def test_uploads_over_50_mb(bot: Bot, patient: Person) -> None:
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(11, bytes(50 * 1024 * 1024 + 1))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "there is no document in the request"),
        ("attach://nowhere", "there is no document in the request"),
        ("https://clinic.example/a.pdf", "failed to get HTTP URL content"),
        ("DO1234", "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"),
    ],
)
async def test_documents_that_are_none(web: httpx.AsyncClient, patient: Person, value: str, message: str) -> None:
    answer = await web.post("sendDocument", data={"chat_id": "11", "document": value})
    assert answer.json()["description"] == f"Bad Request: {message}"


async def test_captions_are_shorter_than_texts(bot: Bot, patient: Person) -> None:
    await bot.send_photo(11, PNG, caption="x" * MAX_CAPTION)
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(11, PNG, caption="x" * (MAX_CAPTION + 1))


@pytest.mark.parametrize(("file_id", "message"), [("", "file_id not specified"), ("x", "invalid file_id")])
async def test_get_file_of_nothing(web: httpx.AsyncClient, file_id: str, message: str) -> None:
    answer = await web.get("getFile", params={"file_id": file_id})
    assert answer.json()["description"] == f"Bad Request: {message}"


async def test_files_over_20_mb_cannot_be_downloaded(bot: Bot, patient: Person) -> None:
    sent = patient.sends_document(data=bytes(20 * 1024 * 1024 + 1))
    assert sent.media is not None
    assert sent.media.file is not None
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(sent.media.file.file_id)


# --- copies --------------------------------------------------------------------------------------------------------


async def test_a_copy_has_no_origin_and_a_forward_has(bot: Bot, world: World, patient: Person, staff: Group) -> None:
    asked = patient.sends_photo("my arm")
    copied = await bot.copy_message(staff.chat_id, 11, asked.message_id)
    forwarded = await bot.forward_message(staff.chat_id, 11, asked.message_id)
    copy = staff.chat.find(copied.message_id)
    assert copy is not None
    assert (copy.text, copy.origin, copy.media) == ("my arm", None, asked.media)
    assert forwarded.forward_origin is not None
    assert forwarded.forward_origin.to_dict()["sender_user"]["first_name"] == "Ann"
    recaptioned = await bot.copy_message(staff.chat_id, 11, asked.message_id, caption="from P-7F3K")
    assert staff.chat.texts[-1] == "from P-7F3K"
    assert recaptioned.message_id == staff.chat.last.message_id


async def test_an_anonymous_administrators_words_are_forwarded_as_the_groups(
    bot: Bot, world: World, patient: Person, staff: Group
) -> None:
    bea = staff.add(world.add_user(12, "Bea"), status=Status.ADMIN, anonymous=True)
    said = bea.says("Come in")
    forwarded = await bot.forward_message(11, staff.chat_id, said.message_id)
    assert forwarded.forward_origin is not None
    assert forwarded.forward_origin.to_dict()["sender_chat"]["title"] == "Clinic"


async def test_what_cannot_be_copied(bot: Bot, patient: Person, staff: Group) -> None:
    secret = await bot.send_message(11, "for you alone", protect_content=True)
    joined = staff.add(patient).chat.last
    for copy, message in (
        (bot.copy_message(11, 11, 999), "Message to copy not found"),
        (bot.forward_message(11, 11, 999), "Message to forward not found"),
        (bot.copy_message(11, 11, secret.message_id), "Message can't be copied"),
        (bot.forward_message(11, 11, secret.message_id), "Message can't be forwarded"),
        (bot.copy_message(11, staff.chat_id, joined.message_id), "Message can't be copied"),
        (bot.copy_message(11, 404, 1), "Chat not found"),
    ):
        with pytest.raises(BadRequest) as caught:
            await copy
        assert caught.value.message == message
