"""The cards on which staff write an announcement: how it looks so far, and what each of its buttons asks.

Every button says which announcement it is about: `bc:<what>:<id>`, or `bc:<what>:<id>.<more>`.
"""

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.announcement import Audience, LeftOut, State
from bot.clock import SECOND_US, from_us, to_us
from bot.core.announcement_check import check
from bot.core.announcing import NEEDS_VISIT, SEND_FROM, SEND_UNTIL, Announcement
from bot.core.audience import Choices
from bot.core.composing import TREATED_DAYS, Choice, good_times, is_on, key_of
from bot.core.replies import Html, names_of
from bot.errors import MarkupError
from bot.markup import escape, split
from bot.model import Button, Buttons, Payload, in_rows
from bot.services.broadcast_desk_words import DeskWords, data
from bot.services.broadcasts import Broadcasts
from bot.services.post import Post
from bot.store import broadcasts, recipients
from bot.store.engine import Tx

NOW = "0"
"""Among the buttons with times."""
EARLIER = 6
"""So many earlier announcements are offered for use again."""
_SHOWN = 2_000
"""UTF-16 units of a text that a card shows, which has to hold more than the text."""


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a draft reaches as it stands."""

    counts: dict[LeftOut | None, int]
    """How many would get it (None), and who not."""
    first: Mapping[str, Any] | None
    """What a copy may say of the first of them."""


@dataclass(frozen=True)
class Cards:
    """Draws drafts, always as they stand in the database."""

    post: Post

    @property
    def words(self) -> DeskWords:
        """What is said on them."""
        return DeskWords(self.post)

    @property
    def _broadcasts(self) -> Broadcasts:
        return Broadcasts(self.post)

    # --- a new one --------------------------------------------------------------------------------------------------

    async def start(self, tx: Tx, broadcast_id: int) -> Payload:
        """What /broadcast alone brings: templates, earlier announcements, and those that are not over."""
        texts = self.words.texts
        templates = self.words.content.templates.items()
        rows = [(Button(one.title, data("template", broadcast_id, key_of(name))),) for name, one in templates]
        below = (
            Button(texts.button_earlier, data("earlier", broadcast_id)),
            Button(texts.button_discard, data("discard", broadcast_id)),
        )
        going = await broadcasts.listed(tx, self.post.bot_id, (State.PROPOSED, State.RUNNING, State.PAUSED), EARLIER)
        lines = (
            self.post.text(texts.desk_list_line, title=self.words.title(row), state=self.words.state(row))
            for row in going
        )
        label = texts.button_open
        opens = ((Button(label.replace("{title}", self.words.title(row)), data("open", row["id"])),) for row in going)
        text = "\n".join((self.post.text(texts.desk_start), "", *lines)).strip()
        return Payload(text, (*rows, below, *opens))

    async def earlier(self, tx: Tx, broadcast_id: int) -> Payload:
        """Those that were sent, to be used again."""
        texts = self.words.texts
        ended = await broadcasts.listed(tx, self.post.bot_id, (State.RUNNING, State.DONE, State.CANCELLED), 4 * EARLIER)
        sent = [row for row in ended if row["started_us"] is not None][:EARLIER]
        rows = ((Button(self.words.title(row), data("again_from", broadcast_id, row["id"])),) for row in sent)
        text = self.post.text(texts.desk_earlier if sent else texts.desk_earlier_none)
        return Payload(text, (*rows, self.back(broadcast_id)))

    # --- as it stands -----------------------------------------------------------------------------------------------

    async def draft(self, tx: Tx, row: sa.RowMapping) -> Payload:
        """The whole of it; the start where there are no words yet."""
        announcement, has_photo = Announcement.from_json(row["payload"]), row["attachment_id"] is not None
        if not announcement.text and not has_photo:
            return await self.start(tx, row["id"])
        findings = check(announcement, self.words.content, has_photo=has_photo)
        lines = [
            *([self.post.text(self.words.texts.desk_photo)] if has_photo else []),
            *self._links(announcement),
            await self._who(tx, row),
            *self.words.needs_visit(announcement),
            *self._when(row),
            self.post.text(self.words.texts.desk_by, name=row["created_name"] or "–"),
            *self.words.found(findings),
        ]
        shown = await self._shown(tx, row, announcement)
        text = self.post.text(self.words.texts.desk_draft, text=Html(shown), lines=Html("\n".join(lines)))
        return Payload(text, self._draft_buttons(row, announcement, any(one.is_problem for one in findings)))

    def _draft_buttons(self, row: sa.RowMapping, announcement: Announcement, is_bad: bool) -> Buttons:
        texts, broadcast_id = self.words.texts, row["id"]
        remove = []
        if announcement.links:
            remove.append(Button(texts.button_remove_links, data("nolinks", broadcast_id)))
        if row["attachment_id"] is not None:
            remove.append(Button(texts.button_remove_photo, data("nophoto", broadcast_id)))
        return tuple(
            filter(
                None,
                (
                    (
                        Button(texts.button_change_text, data("text", broadcast_id)),
                        Button(texts.button_add_link, data("link", broadcast_id)),
                    ),
                    tuple(remove),
                    (
                        Button(texts.button_who, data("who", broadcast_id)),
                        Button(texts.button_when, data("when", broadcast_id)),
                    ),
                    () if is_bad else (Button(texts.button_check, data("check", broadcast_id)),),
                    (Button(texts.button_discard, data("discard", broadcast_id)),),
                ),
            )
        )

    async def _shown(self, tx: Tx, row: sa.RowMapping, announcement: Announcement) -> str:
        """The text as a patient will see it; its beginning where it is long."""
        if not announcement.text:
            return self.post.text(self.words.texts.desk_no_text)
        html = (await self.sample(tx, row, announcement)).text
        try:
            parts = split(html, _SHOWN)
        except MarkupError:
            return escape(announcement.text[:_SHOWN])
        return parts[0] if len(parts) == 1 else f"{parts[0]}\n{self.post.text(self.words.texts.desk_cut)}"

    async def sample(self, tx: Tx, row: sa.RowMapping, announcement: Announcement) -> Payload:
        """One copy, with the values of the first who would get it, or made-up ones; never a patient's name."""
        first = (await self._meant(tx, row)).first
        areas = (area.id for plan in self.words.content.plans.values() for area in plan.areas)
        made_up: Mapping[str, Any] = {
            "zone": None,
            "area": next(areas, ""),
            "visit_us": to_us(self._broadcasts.starts_at(row) + timedelta(days=1)),
        }
        return self._broadcasts.payload_for(announcement, {**(first or made_up), "label": None})

    def _links(self, announcement: Announcement) -> Iterable[str]:
        return (self.post.text(self.words.texts.desk_link, label=label, url=url) for label, url in announcement.links)

    async def _who(self, tx: Tx, row: sa.RowMapping) -> str:
        return self.post.text(self.words.texts.desk_who, **await self._audience(tx, row))

    async def _audience(self, tx: Tx, row: sa.RowMapping) -> dict[str, str]:
        counts = await self.counts(tx, row)
        audience = await self.words.audience(tx, Audience.from_json(row["audience"]))
        return {"audience": audience, "patients": self.words.patients(counts.get(None, 0))}

    async def counts(self, tx: Tx, row: sa.RowMapping) -> dict[LeftOut | None, int]:
        """How many would get it now, and who not."""
        return (await self._meant(tx, row)).counts

    async def _meant(self, tx: Tx, row: sa.RowMapping) -> Found:
        meant = self._broadcasts.meant(row)

        async def find(tx: Tx) -> Found:
            first = await recipients.first_chats(tx, self.post.bot_id, meant, 1)
            return Found(await recipients.count(tx, self.post.bot_id, meant), dict(first[0]) if first else None)

        return await self.post.count(tx, whom(row), find)

    def _when(self, row: sa.RowMapping) -> list[str]:
        texts, zone = self.words.texts, self.words.zone_name
        starts_at = self._broadcasts.starts_at(row)
        wished = from_us(row["due_us"]) if row["due_us"] is not None else self.post.clock.now()
        if row["due_us"] is None:
            lines = [self.post.text(texts.desk_when_now)]
        else:
            lines = [self.post.text(texts.desk_when, time=self.words.when(wished), zone=zone)]
        if starts_at > max(wished, self.post.clock.now()):
            hours = {"start": f"{SEND_FROM:%H:%M}", "end": f"{SEND_UNTIL:%H:%M}"}
            lines.append(self.post.text(texts.desk_when_moved, time=self.words.when(starts_at), **hours))
        if row["any_hour"]:
            lines.append(self.post.text(texts.desk_when_any_hour))
        return lines

    # --- what its buttons ask ---------------------------------------------------------------------------------------

    def ask(self, row: sa.RowMapping, text: str) -> Payload:
        """A question whose answer is typed."""
        return Payload(self.post.text(text), (self.back(row["id"]),))

    async def who(self, tx: Tx, row: sa.RowMapping, menu: str = "") -> Payload:
        """Whom it is for. `menu`: the buttons of one kind only."""
        text = self.post.text(self.words.texts.desk_ask_who, **await self._audience(tx, row))
        audience = Audience.from_json(row["audience"])
        all_ = await self.words.choices(tx)
        rows = in_rows([self._choice(row["id"], audience, *one, menu) for one in self._choices(all_, menu)], 2)
        if menu:
            return Payload(text, (*rows, (Button(self.words.texts.button_back, data("who", row["id"])),)))
        everyone = (Button(self.words.texts.button_everyone, data("everyone", row["id"])),)
        return Payload(text, (everyone, *rows, self._menus(row["id"], all_), self.back(row["id"])))

    def _choices(self, all_: Choices, menu: str) -> list[tuple[Choice, str, str]]:
        """Kind, value and words of what there is to choose; `menu`: the letter of a kind, or nothing."""
        texts = self.words.texts
        match menu:
            case Choice.AREA:
                return [(Choice.AREA, one.id, one.label) for one in all_.areas]
            case Choice.PLAN:
                return [(Choice.PLAN, plan_id, title) for plan_id, title in all_.plans.items()]
            case Choice.PODIATRIST:
                label = texts.button_podiatrist
                people = all_.podiatrists.items()
                return [(Choice.PODIATRIST, str(user_id), label.replace("{name}", name)) for user_id, name in people]
            case _:
                treated = texts.button_treated
                return [
                    *((Choice.TREATED, str(days), treated.replace("{days}", str(days))) for days in TREATED_DAYS),
                    (Choice.TOMORROW, "", texts.button_visit_tomorrow),
                    (Choice.THIS_WEEK, "", texts.button_visit_this_week),
                    (Choice.NO_VISIT, "", texts.button_no_visit),
                ]

    def _choice(
        self, broadcast_id: int, audience: Audience, choice: Choice, value: str, label: str, menu: str
    ) -> Button:
        """Its data says what it will be, so that a second tap changes nothing."""
        today = self.post.clock.now().astimezone(self.words.content.clinic.zone).date()
        on = is_on(audience, choice, value, today)
        shown = self.words.texts.button_on.replace("{label}", label) if on else label
        key = key_of(value) if choice in {Choice.AREA, Choice.PLAN} else value
        return Button(shown, data("choose", broadcast_id, f"{'off' if on else 'on'}:{choice}:{key}"))

    def _menus(self, broadcast_id: int, all_: Choices) -> tuple[Button, ...]:
        """Kinds of which there is more than one."""
        texts = self.words.texts
        labels = {
            Choice.AREA: texts.button_areas,
            Choice.PLAN: texts.button_plans,
            Choice.PODIATRIST: texts.button_podiatrists,
        }
        return tuple(
            Button(label, data("menu", broadcast_id, kind))
            for kind, label in labels.items()
            if len(self._choices(all_, kind)) > 1
        )

    def when(self, row: sa.RowMapping) -> Payload:
        """When it goes out."""
        texts, now = self.words.texts, self.post.clock.now()
        times = good_times(self.words.content.clinic, now)
        at = [Button(self.words.on_button(one), data("at", row["id"], int(one.timestamp()))) for one in times]
        hours = Button(texts.button_any_hour, data("hours", row["id"], "any"))
        if row["any_hour"]:
            hours = Button(texts.button_usual_hours, data("hours", row["id"], "usual"))
        lines = Html("\n".join(self._when(row)))
        text = self.post.text(texts.desk_ask_when, lines=lines, zone=self.words.zone_name)
        now_button = Button(texts.button_now, data("at", row["id"], NOW))
        return Payload(text, ((now_button, *at), (hours,), self.back(row["id"])))

    def back(self, broadcast_id: int) -> tuple[Button, ...]:
        """To the card of a draft."""
        return (Button(self.words.texts.button_back, data("show", broadcast_id)),)


def whom(row: sa.RowMapping) -> Hashable:
    """What the patients who get it depend on: the same as long as nobody changes that."""
    needs_visit = not names_of(row["payload"]["text"]).isdisjoint(NEEDS_VISIT)
    return (row["id"], json.dumps(row["audience"], sort_keys=True), row["due_us"], row["any_hour"], needs_visit)


def is_draft(row: sa.RowMapping) -> bool:
    """Whether it can still be changed freely."""
    return row["state"] in {State.DRAFT, State.PROPOSED}


def parse_time(seconds: str) -> datetime:
    """The moment that a button of times stands for."""
    return from_us(int(seconds) * SECOND_US)
