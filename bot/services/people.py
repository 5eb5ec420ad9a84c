"""Who may do what, asked at every action, whoever and wherever it comes from: a press can be forged, a command typed
anywhere."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.core.rights_table import ALLOWED
from bot.errors import NotAllowed, WhyNot
from bot.model import ChatId, Role, Sender, UserId
from bot.services.on_call import OnCall
from bot.services.post import Post
from bot.store import accounts, people
from bot.store.engine import Tx


@dataclass(frozen=True)
class People:
    """Decides rights by the table in `core.rights_table`."""

    post: Post

    async def known(self, tx: Tx) -> frozenset[UserId]:
        """Who may do something for the clinic in private: who has a role, and who is on call."""
        there, removed = await people.standing(tx, self.post.bot_id)
        return there | (frozenset(OnCall(self.post).people) - removed)

    async def require(self, tx: Tx, chat_id: ChatId, sender: Sender, action: str) -> None:
        """Raise NotAllowed unless this person may do this, here: in the staff group, or in their own chat with the
        bot. Anywhere else the answer would be read by others.

        A right that is the person's own needs a person: whoever writes as the group, and other bots, may do nothing.
        """
        why, _ = await self._looked_up(tx, chat_id, sender, action)
        if why is not None:
            raise NotAllowed(sender.user_id, action, why)

    async def admit(self, tx: Tx, chat_id: ChatId, sender: Sender, action: str) -> None:
        """The same of somebody who acts now: what colleagues call them is kept as it is today."""
        why, row = await self._looked_up(tx, chat_id, sender, action)
        if why is not None:
            raise NotAllowed(sender.user_id, action, why)
        store, bot_id, now_us = self.post.store, self.post.bot_id, self.post.clock.now_us()
        await people.note_name(store, tx, bot_id, sender.user_id, sender.first_name, now_us, row)

    async def may(self, tx: Tx, chat_id: ChatId, sender: Sender, action: str) -> bool:
        """The same as an answer: for what is only shown to those who may use it."""
        why, _ = await self._looked_up(tx, chat_id, sender, action)
        return why is None

    async def who_treat(self, tx: Tx) -> dict[UserId, str]:
        """Clinicians of the team, and whom clinic.yaml names, with what colleagues call them."""
        clinicians = [row for row in await people.listed(tx, self.post.bot_id) if Role.CLINICIAN in _own_roles(row)]
        named = self.post.library.served.content.clinic.podiatrists
        found = {UserId(row["user_id"]): row["name"] or str(row["user_id"]) for row in clinicians}
        return found | {one: await people.name_of(tx, self.post.bot_id, one) for one in named if one not in found}

    async def podiatrist_of(self, tx: Tx, author: UserId | None) -> UserId | None:
        """Who treats the patients that somebody enrols, until staff say otherwise: they themselves if they treat, the
        only one who does, or nobody yet. Where no clinician is known, whoever enrols is taken for one, unless they are
        at the desk. `author` None: the command line."""
        treating = await self.who_treat(tx)
        if author is not None and author in treating:
            return author
        if treating:
            return next(iter(treating)) if len(treating) == 1 else None
        row = await people.find(tx, self.post.bot_id, author) if author is not None else None
        return None if row is not None and row["role"] == Role.DESK else author

    async def _looked_up(
        self, tx: Tx, chat_id: ChatId, sender: Sender, action: str
    ) -> tuple[WhyNot | None, sa.RowMapping | None]:
        """Why they may not, and their row, which is looked for as far as that matters."""
        account = await accounts.account(tx, self.post.bot_id)
        is_group = chat_id == account["staff_chat_id"]
        if is_group and sender.is_anonymous:
            return WhyNot.ANONYMOUS, None
        if sender.is_bot or sender.is_anonymous or not (is_group or chat_id == ChatId(sender.user_id)):
            return WhyNot.SILENT, None
        row = await people.find(tx, self.post.bot_id, sender.user_id)
        if row is not None and row["removed_us"] is not None:
            return WhyNot.REMOVED, row
        roles = self._roles(row, sender.user_id, in_group=is_group)
        if roles & frozenset(ALLOWED.get(action, ())):
            return None, row
        return (WhyNot.ROLE if roles and action in ALLOWED else WhyNot.SILENT), row

    def _roles(self, row: sa.RowMapping | None, user_id: UserId, *, in_group: bool) -> frozenset[Role]:
        """In the staff group everybody is at least the desk; privately only who has a role, and who is on call."""
        own = _own_roles(row) if row is not None else frozenset[Role]()
        return own | {Role.DESK} if in_group or user_id in OnCall(self.post).people else own


def refusal(post: Post, error: NotAllowed) -> str:
    """One line that says why somebody may not do what they tried; empty where nobody should be answered."""
    texts = post.library.served.content.team
    match error.why:
        case WhyNot.ROLE:
            roles = [role for role in Role if role in ALLOWED.get(error.action, ())]
            return post.text(texts.refused_role, who=f" {texts.or_word} ".join(texts.a_role[role] for role in roles))
        case WhyNot.REMOVED:
            return post.text(texts.refused_removed)
        case WhyNot.ANONYMOUS:
            return post.text(texts.refused_anonymous)
        case WhyNot.SILENT:
            return ""


def _own_roles(row: sa.RowMapping) -> frozenset[Role]:
    """With a registration somebody signs as a clinician, whatever else they are: an owner may be the podiatrist."""
    own = frozenset[Role]() if row["role"] == people.GUEST else frozenset({Role(row["role"])})
    return own | {Role.CLINICIAN} if row["registration"] else own
