"""An announcement and its recipients as rows, in a clinic where it is about noon."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks._check_in_plan import content_with_plan
from benchmarks._check_in_rows import Treated, add_enrolments, add_patients, planner
from benchmarks._ours import noon_zone
from bot.announcement import Audience, State
from bot.clock import DAY_US, Clock
from bot.core.announcing import Announcement
from bot.model import BotId, UserId
from bot.services.post import Post
from bot.store import broadcasts
from bot.store.engine import Store

TEXT = "{clinic_name}: we are closed on Friday. Need help then? Ring {urgent_line}."
AUTHOR = UserId(700)
CHUNK = 2_000
"""Patients of one transaction."""


def content_at_noon(folder: Path) -> Path:
    """A copy of the clinic's content in `folder`, moved to where it is noon: nobody's hours hold up a benchmark."""
    content_dir = content_with_plan(folder)
    path = content_dir / "clinic.yaml"
    moved = re.sub(r"^time_zone:.*$", f"time_zone: {noon_zone()}", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(moved, "utf-8")
    return content_dir


def post_on(store: Store, clock: Clock, bot_id: BotId, content_dir: Path) -> Post:
    """What announcements need of the bot, without what answers questions."""
    return planner(store, clock, bot_id, content_dir).post


async def add_recipients(post: Post, chats: Sequence[int]) -> None:
    """Patients who agreed to messages and were treated yesterday, one a chat."""
    now_us, zone = post.clock.now_us(), str(post.library.served.content.clinic.zone)
    for at in range(0, len(chats), CHUNK):
        treated = [Treated(chat_id, chat_id, now_us - DAY_US, zone) for chat_id in chats[at : at + CHUNK]]
        async with post.store.write() as tx:
            await add_patients(tx, post.bot_id, treated, now_us)
            await add_enrolments(tx, post.bot_id, treated, now_us)


async def add_draft(post: Post, due_us: int | None = None) -> int:
    """An announcement to everybody, ready to be confirmed; its id. `due_us`: when it goes out; None: at once."""
    async with post.store.write() as tx:
        return await broadcasts.add(
            tx,
            post.bot_id,
            payload=Announcement(TEXT).to_json(),
            audience=Audience().to_json(),
            state=State.DRAFT,
            any_hour=True,
            due_us=due_us,
            created_by=AUTHOR,
            created_us=post.clock.now_us(),
        )
