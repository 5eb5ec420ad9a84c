"""The wire to Telegram: what goes out, what comes in, and the translation of both into the words of `bot.model`."""

import os

# python-telegram-bot 22 warns at every retry_after unless told before its import that durations may be timedeltas.
os.environ.setdefault("PTB_TIMEDELTA", "1")
