"""/teach: questions that no text answered, or the wrong one, one group at a time, until the texts have learnt them.

The patients' words stay in the database. What is added to the texts is a line in staff's words, looked through for what
could tell who asked (`core.teaching`), tried out and published (`services.edit_publishing`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.model import Button, Kind, MediaIn, MessageId, Outgoing, Payload, PressIn, TextIn, UserId
from bot.services.faq_desk import FaqDesk
from bot.services.faq_desk_cards import FaqCards
from bot.services.faq_written import LINE
from bot.services.post import Post
from bot.services.teach_answers import TeachAnswers
from bot.services.teach_cards import NEW, TEACH, Group, Pressed, TeachCards, first_of, read
from bot.services.teach_lines import TeachLines
from bot.store import accounts, drafts, lessons
from bot.store.drafts import PUBLISH, TRY, Draft
from bot.store.engine import Tx
from bot.store.lessons import LessonState, Reason


@dataclass(frozen=True)
class Teach:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _cards(self) -> TeachCards:
        return TeachCards(self.post)

    async def command(self, tx: Tx) -> Payload:
        """The biggest group, as the reply to /teach."""
        return self._cards.group(await self._cards.groups(tx))

    async def wrong(self, tx: Tx, who: UserId, question_id: int) -> str:
        """Staff say that a question was answered with the wrong text. Returns what to say about it."""
        texts, now_us = self._cards.texts, self.post.clock.now_us()
        if not await lessons.add(self.post.store, tx, self.post.bot_id, [question_id], Reason.WRONG, now_us):
            return self.post.text(texts.not_taught)
        await lessons.reopen(tx, question_id, Reason.WRONG)
        await accounts.write_audit(tx, self.post.bot_id, who, "teach_wrong", question_id, now_us)
        return self.post.text(texts.noted)

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        pressed = read(argument)
        if pressed is None:
            return
        if pressed.what == "send":
            await self.post.reply(tx, press, Payload(await TeachAnswers(self.post).send(tx, press, pressed.id)))
            return
        groups = await self._cards.groups(tx)
        group = first_of(groups, pressed.id)
        if group is None:
            await self.post.redraw(tx, press, self._cards.group(groups, said=self._cards.texts.settled))
        elif (do := self._by_name.get(pressed.what)) is not None:
            await do(tx, press, pressed, group)

    @property
    def _by_name(self) -> Mapping[str, Callable[[Tx, PressIn, Pressed, Group], Awaitable[None]]]:
        return {
            "next": self._next,
            "stop": self._stop,
            "ignore": self._ignore,
            "line": self._ask,
            "go": self._go,
            "publish": self._publish,
        }

    async def _next(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        groups = await self._cards.groups(tx)
        at = next(number for number, one in enumerate(groups) if one.id == group.id)
        await self.post.redraw(tx, press, self._cards.group(groups, at + 1))

    async def _stop(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        await self.post.redraw(tx, press, self._cards.group([group]))

    async def _ignore(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        who, now_us = press.sender.user_id, self.post.clock.now_us()
        await lessons.settle(tx, group.question_ids, LessonState.IGNORED, who, now_us)
        await accounts.write_audit(tx, self.post.bot_id, who, "teach_ignore", group.id, now_us)
        await self.post.redraw(
            tx, press, self._cards.group(await self._cards.groups(tx), said=self._cards.texts.ignored)
        )

    async def _ask(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        await self.post.reply(tx, press, self._cards.ask(group, pressed.to))

    async def _go(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        if pressed.to == NEW:
            await self._begin_new(tx, press, pressed, group)
            return
        await self._want(tx, press, pressed, group, TRY, self._cards.texts.trying)

    async def _publish(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        await self._want(tx, press, pressed, group, PUBLISH, self._cards.texts.publishing)

    async def _begin_new(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group) -> None:
        """The line becomes the first way to ask a new question, which goes on at /faq_edit's desk."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        line = await drafts.on_card(tx, self.post.bot_id, press.row_id, of_lesson=True)
        if line is None:
            await self.post.reply(tx, press, self._cards.ask(group, pressed.to, self._cards.texts.line_gone))
            return
        await drafts.throw_away(tx, self.post.bot_id, line)
        words = line.values["line"]
        values = {**FaqDesk(self.post).new_values(), LINE: words, "phrasing": words}
        served_id, who = self.post.library.served.revision_id, press.sender.user_id
        new = replace(line, user_id=who, item_id=None, base_id=served_id, values=values, asking=None)
        await drafts.keep(tx, self.post.bot_id, new, self.post.clock.now_us())
        await self.post.redraw(tx, press, FaqCards(self.post).entry(new))

    async def _want(self, tx: Tx, press: PressIn, pressed: Pressed, group: Group, step: str, said: str) -> None:
        """Ask for what takes seconds. The button stays: a press again asks again."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        if await drafts.want(tx, self.post.bot_id, press.row_id, step, of_lesson=True):
            again = Button(self._cards.texts.button_again, f"{TEACH}:{pressed.what}:{group.id}:{pressed.to}")
            await self.post.redraw(tx, press, Payload(self.post.text(said), ((again,),)))
        else:
            await self.post.reply(tx, press, self._cards.ask(group, pressed.to, self._cards.texts.line_gone))

    # --- a line in staff's words ------------------------------------------------------------------------------------

    async def answer(self, tx: Tx, said: TextIn | MediaIn, asked: Pressed) -> None:
        """A line, as an answer to the message that asks for it: either what is wrong with it, or one last question."""
        group = first_of(await self._cards.groups(tx), asked.id)
        if group is None:
            await self._reply(tx, said, Payload(self._cards.texts.settled))
        elif why_not := await self._why_not(tx, said, group):
            await self._reply(tx, said, self._cards.ask(group, asked.to, why_not))
        elif isinstance(said, TextIn):
            card_id = await self._reply(tx, said, self._cards.sure(group, asked.to, _line(said)))
            if card_id is not None:
                entry_id, who = group.entry_id(self._cards.content, asked.to), said.sender.user_id
                values = {"line": _line(said), "to": asked.to}
                draft = Draft(who, said.chat_id, card_id, entry_id, None, values, lesson_id=group.id)
                await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())

    async def _reply(self, tx: Tx, said: TextIn | MediaIn, payload: Payload) -> MessageId | None:
        key = f"teach:{said.chat_id}:{said.message_id}"
        return await self.post.enqueue(
            tx, Outgoing(said.chat_id, Kind.RELAY, payload, key, reply_to_id=said.message_id)
        )

    async def _why_not(self, tx: Tx, said: TextIn | MediaIn, group: Group) -> str:
        """What keeps the line from being used; empty where nothing does."""
        line = _line(said) if isinstance(said, TextIn) else ""
        return await TeachLines(self.post).why_not_of(tx, line, [row["text"] for row in group.rows])


def _line(said: TextIn) -> str:
    return " ".join(said.text.split())
