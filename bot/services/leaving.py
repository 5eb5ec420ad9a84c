"""Somebody leaves the team: what they had taken is open again for the others, and they leave the staff group.

Whoever leaves the group alone keeps their rights, as an owner need not be in it; colleagues are asked to look at that.
"""

from dataclasses import dataclass

from bot.model import Button, ChatId, Kind, LeftIn, Method, Outgoing, Payload, UserId
from bot.services.alerts import Alerts
from bot.services.on_call import OnCall
from bot.services.post import Post
from bot.services.team_cards import TEAM
from bot.services.threads import Threads
from bot.store import accounts, alerts, people, threads
from bot.store.engine import Tx


@dataclass(frozen=True)
class Leaving:
    """Sees to what somebody leaves behind, whose rights have ended."""

    post: Post

    async def see_to(self, tx: Tx, user_id: UserId) -> None:
        """Give back what they had, tell the others, and take them out of the group."""
        codes = await self._give_back(tx, user_id)
        await self._tell(tx, user_id, codes)
        group_id = (await accounts.account(tx, self.post.bot_id))["staff_chat_id"]
        if group_id is not None:
            key = f"left:{user_id}:{self.post.clock.now_us()}:out"
            # Before anything else: until it is done they read what patients write.
            out = Outgoing(ChatId(group_id), Kind.ALERT, Payload(str(user_id)), key, method=Method.PUT_OUT)
            await self.post.enqueue(tx, out)

    async def gone(self, tx: Tx, left: LeftIn, key: str) -> None:
        """Somebody with a role left the group, or was put out by hand: in private they may still do all they could."""
        account, user_id = await accounts.account(tx, self.post.bot_id), left.who.user_id
        row = await people.find(tx, self.post.bot_id, user_id)
        is_of_team = row is not None and row["removed_us"] is None and row["role"] != people.GUEST
        if left.chat_id != account["staff_chat_id"] or row is None or not is_of_team:
            return
        texts = self.post.library.served.content.team
        text = self.post.text(texts.gone, name=row["name"] or str(user_id), role=texts.roles[row["role"]])
        remove = Button(texts.button_remove, f"{TEAM}:remove:{user_id}")
        await self.post.tell(tx, Kind.RELAY, Payload(text, ((remove,),)), key)

    async def _give_back(self, tx: Tx, user_id: UserId) -> str:
        """Returns the codes of the patients whom nobody looks after now, parted by commas."""
        codes: dict[str, None] = {}
        for alert in await alerts.taken_by(tx, self.post.bot_id, user_id):
            await Alerts(self.post).open_again(tx, alert)
            codes[alert["code"]] = None
        for thread in await threads.taken_by(tx, self.post.bot_id, user_id):
            await Threads(self.post).give_back(tx, thread)
            known = await threads.patients_in(tx, self.post.bot_id, ChatId(thread["chat_id"]))
            codes |= dict.fromkeys(row["code"] for row in known)
        return ", ".join(codes)

    async def _tell(self, tx: Tx, user_id: UserId, codes: str) -> None:
        texts, say = self.post.library.served.content.team, self.post.text
        name = await people.name_of(tx, self.post.bot_id, user_id)
        lines = [say(texts.left_work, name=name, codes=codes) if codes else say(texts.left, name=name)]
        if user_id in OnCall(self.post).people:
            lines.append(say(texts.left_on_call, name=name))
        kind = Kind.ALERT if codes else Kind.RELAY
        await self.post.tell(tx, kind, Payload("\n\n".join(lines)), f"left:{user_id}:{self.post.clock.now_us()}")
