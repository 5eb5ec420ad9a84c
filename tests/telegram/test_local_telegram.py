"""Client, intake and webhook against the local Telegram: what people do arrives, what we send is seen."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from bot.errors import TelegramConflict, TelegramRefused, TelegramUnauthorised
from bot.model import (
    BadMarkup,
    BlockedIn,
    BotRefused,
    Button,
    Call,
    ChatId,
    Doubtful,
    Fetched,
    Incoming,
    Media,
    MediaIn,
    MessageId,
    Method,
    Migrated,
    MigratedIn,
    NotSent,
    Payload,
    PressIn,
    Refused,
    Sent,
    TelegramMessageId,
    TextIn,
    TopicGone,
    Unreachable,
    Wait,
)
from bot.simulator import World, faults
from bot.simulator.people import Person
from bot.simulator.transport import SimulatorTransport
from bot.telegram.client import Client
from bot.telegram.intake import Poller
from bot.telegram.updates import read_update
from bot.web.routes import Health, make_app


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(limits=None)
    yield world
    await world.aclose()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with Client(world.token, "http://telegram.test", transport=SimulatorTransport(world)) as opened:
        yield opened


@pytest.fixture
def anna(world: World) -> Person:
    anna = world.add_user(77, "Anna")
    anna.starts()
    return anna


class Inbox:
    """What intake saved, as it will be understood."""

    def __init__(self) -> None:
        self.incoming: list[Incoming] = []
        self.arrived = asyncio.Event()

    async def save(self, batch: Sequence[Fetched]) -> None:
        self.incoming += [read_update(update.raw) for update in batch]
        self.arrived.set()

    async def fills(self, client: Client) -> list[Incoming]:
        """Poll until something was saved and confirmed."""
        confirmed = asyncio.Event()
        polling = asyncio.create_task(Poller(client, self.save, confirmed.set).run())
        await asyncio.wait_for(confirmed.wait(), 5)
        await asyncio.sleep(0)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        return self.incoming


def call(chat_id: int, text: str = "How is your leg?", method: Method = Method.SEND_TEXT, **more: Any) -> Call:
    payload = more.pop("payload", Payload(text=text))
    return Call(id=MessageId(46655), chat_id=ChatId(chat_id), method=method, payload=payload, **more)


def sent(result: object) -> TelegramMessageId:
    assert isinstance(result, Sent)
    assert result.message_id
    return TelegramMessageId(result.message_id)


async def test_what_people_do_arrives_in_order(client: Client, world: World, anna: Person) -> None:
    said = anna.says("My leg is sore")
    anna.sends_photo("Is this a bruise?")
    anna.sends_voice()
    anna.edits(said, "My leg is very sore")
    anna.blocks()
    group = world.add_group("Clinic", basic=True)
    new = group.migrate(group.add(world.add_user(12, "Bea")))

    incoming = await Inbox().fills(client)

    assert [i.text for i in incoming if isinstance(i, TextIn) and i.is_private] == [
        "/start",
        "My leg is sore",
        "Is this a bruise?",
        "My leg is very sore",
    ]
    assert [i.media for i in incoming if isinstance(i, MediaIn)] == [Media.VOICE]
    assert [i.edited for i in incoming if isinstance(i, TextIn)] == [False, False, False, True]
    assert [i.blocked for i in incoming if isinstance(i, BlockedIn) and i.chat_id == 77] == [True]
    assert [i for i in incoming if isinstance(i, MigratedIn)] == [
        MigratedIn(ChatId(group.chat_id), ChatId(new.chat_id))
    ]


async def test_a_press_comes_back_with_the_row_of_its_message(client: Client, anna: Person) -> None:
    buttons = ((Button("Better", "feel:better"), Button("Worse", "feel:worse")),)
    await client.send(call(77, payload=Payload("How is your leg?", buttons)))
    press = anna.presses("Worse")

    (incoming,) = [i for i in await Inbox().fills(client) if isinstance(i, PressIn)]
    await client.answer_press(incoming.press_id, "Noted")

    assert (incoming.row_id, incoming.data) == (46655, "feel:worse")
    assert incoming.message_id == anna.last.message_id
    assert press.answer is not None
    assert press.answer.text == "Noted"


async def test_staff_write_in_topics_answer_messages_and_hide(client: Client, world: World) -> None:
    group = world.add_group("Clinic")
    bea = group.add(world.add_user(12, "Bea"))
    thread = sent(await client.send(call(group.chat_id, "P-7F3K", Method.CREATE_TOPIC)))
    card = sent(await client.send(call(group.chat_id, "New question", thread_id=thread)))
    bea.says("I see it", thread=thread)
    bea.says("On it", thread=thread, reply_to=card)
    group.add(world.add_user(13, "Cas"), anonymous=True).says("/alerts")

    texts = [i for i in await Inbox().fills(client) if isinstance(i, TextIn)]

    assert [(i.text, i.thread_id, i.reply_to, i.sender.is_anonymous) for i in texts] == [
        ("I see it", thread, None, False),
        ("On it", thread, card, False),
        ("/alerts", None, None, True),
    ]


async def test_a_message_lives(client: Client, anna: Person) -> None:
    message = sent(await client.send(call(77, "<b>Day 2</b>", reply_to=TelegramMessageId(1))))
    assert anna.last.text == "Day 2"
    assert anna.last.words.entities

    for _ in range(2):
        assert await client.send(call(77, "Day 3", Method.EDIT_TEXT, target=message)) == Sent(message)
    assert anna.last.text == "Day 3"

    for _ in range(2):
        assert await client.send(call(77, "", Method.DELETE, target=message)) == Sent(message)
    assert await client.send(call(77, "Day 4", Method.EDIT_TEXT, target=message)) == Refused("target_missing")
    answering_what_is_gone = call(77, "Day 5", reply_to=message)
    assert isinstance(await client.send(answering_what_is_gone), Sent)


async def test_a_file_is_uploaded_once(client: Client, anna: Person) -> None:
    first = await client.send(
        call(77, "Exercises", Method.SEND_DOCUMENT, file_bytes=b"%PDF-1.4 stretch", file_name="exercises.pdf")
    )
    assert isinstance(first, Sent)
    assert first.file_id

    again = await client.send(call(77, "", Method.SEND_DOCUMENT, file_id=first.file_id))
    assert isinstance(again, Sent)
    assert await client.download(first.file_id) == b"%PDF-1.4 stretch"


async def test_a_patients_photo_is_copied_to_staff(client: Client, world: World, anna: Person) -> None:
    photo = anna.sends_photo("Is this a bruise?")
    group = world.add_group("Clinic")
    payload = Payload(copy_chat_id=ChatId(77), copy_message_id=TelegramMessageId(photo.message_id))

    sent(await client.send(call(group.chat_id, method=Method.COPY, payload=payload)))

    assert group.texts[-1] == "Is this a bruise?"


async def test_a_picture_somebody_sent_goes_on_by_its_id(client: Client, anna: Person) -> None:
    anna.sends_photo("<b>New door</b>", is_html=True)
    (heard,) = [i for i in await Inbox().fills(client) if isinstance(i, TextIn) and i.photo]

    sent(await client.send(call(77, heard.html, Method.SEND_PHOTO, file_id=heard.photo, file_bytes=b"")))

    assert (anna.last.text, [entity.type for entity in anna.last.words.entities]) == ("New door", ["bold"])
    assert anna.last.media is not None
    assert anna.last.media.kind == "photo"
    assert isinstance(await client.send(call(77, "", Method.SEND_PHOTO, file_id="AgACnobody")), Refused)


async def test_refusals_say_what_to_do_next(client: Client, world: World, anna: Person) -> None:
    assert isinstance(await client.send(call(77, "<b>never closed")), BadMarkup)
    assert isinstance(await client.send(call(77, payload=Payload("<b>never closed", plain=True))), Sent)
    assert isinstance(await client.send(call(77, "x" * 4097)), Refused)
    assert isinstance(await client.send(call(404, "Who?")), Unreachable)
    anna.blocks()
    assert isinstance(await client.send(call(77)), Unreachable)

    group = world.add_group("Clinic")
    thread = sent(await client.send(call(group.chat_id, "P-7F3K", Method.CREATE_TOPIC)))
    assert await client.send(call(group.chat_id, "P-7F3K", Method.EDIT_TOPIC, thread_id=thread)) == Sent(thread)
    group.delete_topic(thread)
    assert await client.send(call(group.chat_id, thread_id=thread)) == TopicGone()

    old = world.add_group("Old", basic=True)
    new = old.migrate(old.add(world.add_user(12, "Bea")))
    assert await client.send(call(old.chat_id)) == Migrated(ChatId(new.chat_id))


async def test_trouble_on_the_way_is_told_apart(client: Client, world: World, anna: Person) -> None:
    world.faults.add(faults.no_connection())
    assert isinstance(await client.send(call(77, "one")), NotSent)
    world.faults.add(faults.lose_answer())
    assert isinstance(await client.send(call(77, "two")), Doubtful)
    world.faults.add(faults.lose_request())
    assert isinstance(await client.send(call(77, "three")), Doubtful)
    world.faults.add(faults.server_error(502, acted=True))
    assert isinstance(await client.send(call(77, "four")), Doubtful)
    world.faults.add(faults.garbage(acted=True))
    assert isinstance(await client.send(call(77, "five")), Doubtful)
    world.faults.add(faults.too_many(7))
    assert await client.send(call(77, "six")) == Wait(7)

    assert [message.text for message in world.from_bot(77)] == ["two", "four", "five"], "none is sent twice"


async def test_a_revoked_token_stops_everything(client: Client, world: World, anna: Person) -> None:
    world.revoke_token(f"{world.bot_user.user_id}:AAnother-one-that-opens-nothing-either")

    assert isinstance(await client.send(call(77)), BotRefused)
    with pytest.raises(TelegramUnauthorised):
        await client.get_me()
    with pytest.raises(TelegramUnauthorised):
        await Poller(client, Inbox().save, lambda: None).run()


async def test_two_pollers_with_one_token_notice(client: Client, world: World) -> None:
    first = asyncio.create_task(Poller(client, Inbox().save, lambda: None).run())
    await asyncio.sleep(0.05)
    async with Client(world.token, "http://telegram.test", transport=SimulatorTransport(world)) as other:
        second = asyncio.create_task(Poller(other, Inbox().save, lambda: None).run())
        done, waiting = await asyncio.wait({first, second}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert len(done) == 1
    assert isinstance(done.pop().exception(), TelegramConflict)


async def test_the_doctor_sees_the_group_as_it_is(client: Client, world: World) -> None:
    clinic = world.add_group("Clinic", rights=frozenset({"can_manage_topics"}))
    facts = await client.chat_facts(ChatId(clinic.chat_id))
    assert (facts.is_group, facts.is_forum, facts.bot_is_member, facts.bot_is_admin) == (True, True, True, True)
    assert (facts.can_manage_topics, facts.can_pin, facts.can_delete, facts.can_restrict) == (True, False, False, False)

    clinic.kick_bot(clinic.add(world.add_user(12, "Bea")))
    with pytest.raises(TelegramRefused, match="kicked"):
        await client.chat_facts(ChatId(clinic.chat_id))
    with pytest.raises(TelegramRefused, match="chat_not_found"):
        await client.chat_facts(ChatId(-1))


async def test_the_profile_is_set(client: Client, world: World) -> None:
    await client.set_profile("Automatic helper. Emergency: 112.", "Automatic helper", {None: [("help", "Help")]})
    assert (await client.get_me()).bot_id == world.bot_user.user_id
    assert "Automatic helper. Emergency: 112." in world.profile.values()


async def test_telegram_posts_to_the_webhook_until_it_is_saved() -> None:
    inbox, refusals = Inbox(), [RuntimeError("database is locked")]

    async def save(batch: Sequence[Fetched]) -> None:
        if refusals:
            raise refusals.pop()
        await inbox.save(batch)

    async def health() -> Health:
        return Health({})

    async def at_once(seconds: float) -> None:
        await asyncio.sleep(0)

    app = make_app(save=save, secret="s3cret", health=health)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        world = World(limits=None, http=http, sleep=at_once)
        anna = world.add_user(77, "Anna")
        async with Client(world.token, "http://telegram.test", transport=SimulatorTransport(world)) as client:
            await client.set_webhook("https://bot.clinic.example/telegram", "s3cret")
            anna.starts()
            await asyncio.wait_for(inbox.arrived.wait(), 5)
            facts = await client.webhook_info()
            await client.delete_webhook()
            assert (await client.webhook_info()).url == ""
        await world.aclose()

    assert [i.text for i in inbox.incoming if isinstance(i, TextIn)] == ["/start"]
    assert facts.last_error == "Wrong response from the webhook: 503 Service Unavailable"
