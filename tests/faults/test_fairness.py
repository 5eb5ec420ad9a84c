"""Many at once: every update is stored once and has one effect, and no change to what is read and written is lost.

That a hundred concurrent read-modify-write transactions lose none is shown for the bare store in
`tests/store/test_engine.py`; here it is for what the services do with it.
"""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from bot.model import InboxState
from bot.simulator.people import Person
from bot.simulator.ward import Ward
from bot.store.tables import conversation, inbox, message
from bot.telegram.updates import fetched
from bot.web.routes import SECRET_HEADER, WEBHOOK_PATH, make_app

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "Wf3-not-a-real-secret"
FIRST_UPDATE = 910_000_000


def update(number: int, person: Person, text: str) -> dict[str, Any]:
    who = {"id": person.user_id, "is_bot": False, "first_name": "Patient"}
    said = {
        "message_id": number,
        "date": 0,
        "chat": {"id": person.chat_id, "type": "private"},
        "from": who,
        "text": text,
    }
    return {"update_id": FIRST_UPDATE + number, "message": said}


async def handled(ward: Ward, people: list[Person]) -> tuple[list[int], list[int]]:
    """How often each conversation was written, and how many replies each patient is owed, once all is handled."""
    handle_next = ward.house.app.inbox.handle_next
    while any(await asyncio.gather(*(handle_next() for _ in range(20)))):
        pass
    chats = [person.chat_id for person in people]
    async with ward.store.read() as tx:
        versions = await tx.scalars(sa.select(conversation.c.version).where(conversation.c.chat_id.in_(chats)))
        replies = Counter(await tx.scalars(sa.select(message.c.chat_id).where(message.c.chat_id.in_(chats))))
        assert await tx.scalar(sa.select(inbox.c.id).where(inbox.c.state != InboxState.DONE).limit(1)) is None
        return list(versions), [replies[chat] for chat in chats]


async def test_an_update_among_forty_parallel_posts_is_stored_once(ward: Ward) -> None:
    app = ward.house.app
    web = make_app(save=app.inbox.save, secret=SECRET, health=app.health)
    people = [await ward.new_patient() for _ in range(40)]
    posts = [update(number, person, "/help") for number, person in enumerate(people)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://bot.test") as telegram:

        async def post(body: dict[str, Any]) -> int:
            return (await telegram.post(WEBHOOK_PATH, json=body, headers={SECRET_HEADER: SECRET})).status_code

        # The first one comes five times: Telegram repeats what was not answered in time.
        statuses = await asyncio.gather(*(post(body) for body in [*posts, *[posts[0]] * 4]))
    assert set(statuses) == {200}
    async with ward.store.read() as tx:
        stored = list(await tx.scalars(sa.select(inbox.c.update_id)))
    assert Counter(stored) == Counter(body["update_id"] for body in posts)
    assert await handled(ward, people) == ([1] * 40, [1] * 40)


async def test_a_hundred_updates_handled_at_once_lose_nothing(ward: Ward) -> None:
    """Ten patients, ten messages each: every one reads the conversation, decides, and writes it back."""
    people = [await ward.new_patient() for _ in range(10)]
    said = [update(1000 + number, people[number % 10], "/help") for number in range(100)]
    await ward.house.app.inbox.save([fetched(one) for one in said])
    assert await handled(ward, people) == ([10] * 10, [10] * 10)
