"""What a family on one phone calls each patient: it stands in front of every message that is about one of them."""

from bot.model import ChatId
from bot.services.post import Post
from bot.store import enrolling
from bot.store.engine import Tx


async def name_everybody(post: Post, tx: Tx, chat_id: ChatId) -> None:
    """Where a chat serves several patients with plans, each without a label gets one: the first name, the whole name
    where somebody else has that first name, or the code where no name is known."""
    known = [one for one in await enrolling.patients_in(tx, post.bot_id, chat_id) if one.has_plans]
    if len(known) < 2:
        return
    taken = {one.label.casefold() for one in known if one.label}
    for one in known:
        if one.label:
            continue
        name = (await post.contacts.of(tx, one.patient_id)).name or ""
        choices = (*name.split()[:1], name, one.code)
        label = next(choice for choice in choices if choice and choice.casefold() not in taken)
        taken.add(label.casefold())
        await enrolling.set_label(tx, post.bot_id, chat_id, one.patient_id, label)
