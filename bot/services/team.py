"""The team, as owners change it: /team, its buttons, and answers to its questions.

Everything that changes somebody's rights holds the lock of the bot's row and asks for the right again under it, so that
two owners who remove each other at once do not leave a clinic without one.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.content.sentences import TeamReplies
from bot.core.team import Change, read_change, read_registration
from bot.model import (
    ChatId,
    MediaIn,
    Payload,
    PressIn,
    Role,
    Sender,
    TextIn,
    UserId,
)
from bot.services.leaving import Leaving
from bot.services.people import People
from bot.services.post import Post
from bot.services.team_cards import KEEP, TEAM, TeamCards
from bot.store import accounts, people
from bot.store.engine import Tx

CHANGE = "team_change"
"""The right to do any of this."""
_ARGUMENT = re.compile(r"([a-z]{2,12}):(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Team:
    """Shows the team, and changes who is in it. The caller has checked that it may be looked at."""

    post: Post

    @property
    def _cards(self) -> TeamCards:
        return TeamCards(self.post)

    @property
    def _texts(self) -> TeamReplies:
        return self._cards.texts

    # --- typed ------------------------------------------------------------------------------------------------------

    async def command(self, tx: Tx, said: TextIn, words: str) -> Payload:
        """The list; with words behind it, a role for somebody. Returns the reply."""
        change = read_change(words, {name.casefold(): Role(role) for role, name in self._texts.roles.items()})
        if change is None:
            is_owner = await People(self.post).may(tx, said.chat_id, said.sender, CHANGE)
            return await self._cards.everybody(tx, is_owner=is_owner)
        whom, name = change.user_id, ""
        if whom is None:
            person = said.reply_to_sender
            if person is None or person.is_bot or person.is_anonymous:
                await People(self.post).require(tx, said.chat_id, said.sender, CHANGE)
                return Payload(self.post.text(self._texts.not_a_person))
            whom, name = person.user_id, person.first_name
        return Payload(await self._give(tx, said.chat_id, said.sender, change, whom, name))

    async def answer(self, tx: Tx, said: TextIn | MediaIn, user_id: UserId) -> Payload:
        """A registration number, as an answer to our question for it. Returns the reply."""
        row = await self._locked(tx, said.chat_id, said.sender, user_id)
        number = read_registration(said.text) if isinstance(said, TextIn) else None
        if row is None:
            return Payload(self.post.text(self._texts.nobody, who=str(user_id)))
        if number is None:
            return Payload(self.post.text(self._texts.registration_wrong))
        await people.set_values(tx, self.post.bot_id, user_id, registration=number or None)
        await self._note(tx, said.sender, "team_registration", user_id)
        text = self._texts.did_registration if number else self._texts.did_no_registration
        name = await people.name_of(tx, self.post.bot_id, user_id)
        return Payload(self.post.text(text, name=name, **({"registration": number} if number else {})))

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        found = _ARGUMENT.fullmatch(argument)
        if found is None or (do := self._by_name.get(found[1])) is None:
            return
        row = await self._locked(tx, press.chat_id, press.sender, UserId(int(found[2])))
        if row is None or found[1] == "all":
            await self.post.redraw(tx, press, await self._cards.everybody(tx, is_owner=True))
        else:
            await do(tx, press, row)

    @property
    def _by_name(self) -> Mapping[str, Callable[[Tx, PressIn, sa.RowMapping], Awaitable[None]]]:
        return {
            "all": self._show,
            "show": self._show,
            KEEP: self._show,
            Role.OWNER: self._make(Role.OWNER),
            Role.CLINICIAN: self._make(Role.CLINICIAN),
            Role.DESK: self._make(Role.DESK),
            "number": self._ask_number,
            "remove": self._ask_to_remove,
            "sure": self._remove,
        }

    async def _show(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> None:
        await self.post.redraw(tx, press, self._cards.one(row))

    def _make(self, role: Role) -> Callable[[Tx, PressIn, sa.RowMapping], Awaitable[None]]:
        async def make(tx: Tx, press: PressIn, row: sa.RowMapping) -> None:
            said = await self._give(tx, press.chat_id, press.sender, Change(None, role), row["user_id"])
            new = await people.find(tx, self.post.bot_id, row["user_id"])
            assert new is not None, row["user_id"]
            await self.post.redraw(tx, press, self._cards.one(new, said))

        return make

    async def _ask_number(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> None:
        await self.post.reply(tx, press, self._cards.registration(row))

    async def _ask_to_remove(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> None:
        await self.post.redraw(tx, press, self._cards.removing(row))

    async def _remove(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> None:
        if await self._is_last_owner(tx, row):
            await self.post.redraw(tx, press, self._cards.one(row, self._last_owner(row)))
            return
        user_id, now_us = UserId(row["user_id"]), self.post.clock.now_us()
        await people.remove(tx, self.post.bot_id, user_id, now_us)
        await self._note(tx, press.sender, "team_remove", user_id)
        await Leaving(self.post).see_to(tx, user_id)
        name = await people.name_of(tx, self.post.bot_id, user_id)
        said = self.post.text(self._texts.did_remove, name=name)
        is_owner = user_id != press.sender.user_id
        await self.post.redraw(tx, press, await self._cards.everybody(tx, is_owner=is_owner, said=said))

    # --- rights -----------------------------------------------------------------------------------------------------

    async def _locked(self, tx: Tx, chat_id: ChatId, sender: Sender, user_id: UserId) -> sa.RowMapping | None:
        """Somebody of the team, whom nobody else changes meanwhile; None: they are not in it. Raises NotAllowed."""
        await accounts.account(tx, self.post.bot_id, lock=True)
        await People(self.post).require(tx, chat_id, sender, CHANGE)
        row = await people.find(tx, self.post.bot_id, user_id)
        return row if row is not None and row["removed_us"] is None else None

    async def _give(
        self, tx: Tx, chat_id: ChatId, sender: Sender, change: Change, user_id: UserId, name: str = ""
    ) -> str:
        """Give somebody a role. Returns what to say about it."""
        row = await self._locked(tx, chat_id, sender, user_id)
        if row is not None and change.role is not Role.OWNER and await self._is_last_owner(tx, row):
            return self._last_owner(row)
        registration = change.registration or (row["registration"] if row is not None else None)
        if row is not None and (row["role"], row["registration"]) == (change.role, registration):
            return self.post.text(self._texts.did_nothing)
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        await people.give_role(self.post.store, tx, bot_id, user_id, change.role, name or None, now_us)
        await people.set_values(tx, bot_id, user_id, registration=registration)
        await self._note(tx, sender, f"team_{change.role}", user_id)
        name = await people.name_of(tx, bot_id, user_id)
        return self.post.text(self._texts.did_role, name=name, role=self._texts.roles[change.role])

    async def _is_last_owner(self, tx: Tx, row: sa.RowMapping) -> bool:
        return await people.owners(tx, self.post.bot_id) == (row["user_id"],)

    def _last_owner(self, row: sa.RowMapping) -> str:
        return self.post.text(self._texts.last_owner, name=row["name"] or str(row["user_id"]))

    async def _note(self, tx: Tx, sender: Sender, action: str, user_id: UserId) -> None:
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, sender.user_id, action, user_id, now_us)


def asked_about(payload: Payload) -> UserId | None:
    """The person whose registration number a message of ours asks for; None for other messages."""
    for button in (button for row in payload.buttons for button in row):
        name, _, argument = button.data.partition(":")
        found = _ARGUMENT.fullmatch(argument) if name == TEAM else None
        if found is not None and found[1] == KEEP:
            return UserId(int(found[2]))
    return None
