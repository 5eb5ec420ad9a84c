"""A bare relay bot: `python -m benchmarks._staff_peer URL TOKEN GROUP TOPICS`.

What is written in a topic of the group is copied to the patient it belongs to, and what patients write to the group.
TOPICS is a JSON object: the patient's chat by the number of the topic. It prints "ready" when it could begin.
"""

import asyncio
import json
import sys

from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters


async def run(url: str, token: str, group: int, topics: dict[int, int]) -> None:
    """The library's own polling and dispatching, with its own settings."""

    async def to_patient(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        said = update.effective_message
        if said is not None and said.message_thread_id in topics:
            await said.copy(topics[said.message_thread_id])

    async def to_staff(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.effective_message is not None:
            await update.effective_message.copy(group)

    application = ApplicationBuilder().token(token).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.ChatType.GROUPS, to_patient))
    application.add_handler(MessageHandler(filters.ChatType.PRIVATE, to_staff))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling()
        await application.start()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    address, secret, group_id, of_patients = sys.argv[1:]
    known = {int(number): int(chat_id) for number, chat_id in json.loads(of_patients).items()}
    asyncio.run(run(address, secret, int(group_id), known))
