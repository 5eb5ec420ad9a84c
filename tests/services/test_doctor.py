"""The doctor, against the local Telegram: each check good on a healthy installation, and bad for its own reason."""

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from bot.clock import ManualClock, to_us
from bot.content.load import load_content
from bot.model import UserId
from bot.services.backup import name_for
from bot.services.backups import TEST_FAILED, TESTED
from bot.services.doctor import PATIENT_COMMANDS, STAFF_COMMANDS, Finding, examine
from bot.settings import Settings
from bot.simulator import World, faults
from bot.simulator.groups import Group
from bot.simulator.people import Person
from bot.simulator.state import ADMIN_RIGHTS, Status
from bot.simulator.transport import SimulatorTransport
from bot.store import accounts, alerts, schema
from bot.store.engine import open_store
from bot.telegram.client import Client

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWNER_ID = 700


@dataclass
class Installation:
    """A clinic about to go live: Telegram, its staff group, and the folder it is installed in."""

    world: World
    group: Group
    owner: Person
    folder: Path
    content: Path
    settings: dict[str, object]

    async def examined(self, **changed: object) -> dict[str, Finding]:
        """What the doctor says, by check, with some settings changed."""
        settings = Settings(_env_file=None, **(self.settings | changed))  # type: ignore[arg-type]
        token = settings.bot_token.get_secret_value()
        async with Client(token, "http://telegram.test", transport=SimulatorTransport(self.world)) as client:
            return {finding.name: finding async for finding in examine(settings, client, NOW)}

    async def ran_before(self, **row: object) -> None:
        """The bot has run on this database and left this in its row."""
        async with open_store(str(self.settings["database_url"]), ManualClock(NOW)) as store, store.write() as tx:
            bot_id = Settings(_env_file=None, **self.settings).bot_id  # type: ignore[arg-type]
            await accounts.ensure_bot(store, tx, bot_id, None, 35_000)
            await accounts.set_account(tx, bot_id, alive_us=1, **row)


@pytest.fixture(scope="session")
def signed_content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content with every text signed as it stands."""
    folder = Path(shutil.copytree(Path(__file__).parents[2] / "faq", tmp_path_factory.mktemp("signed") / "faq"))
    content = load_content(folder)
    hashes = {
        part.id: part.text_hash for part in (*content.red_flags, *content.plans.values(), *content.entries.values())
    }
    by = {"name": "A. Example", "registration": "CH00000", "on": "2026-11-20"}
    for path in (folder / "en").glob("*.yaml"):
        read = yaml.safe_load(path.read_text("utf-8"))
        if not {"entries", "red_flags"} & read.keys():
            continue  # nothing in it is signed
        for part in read.get("entries") or read["red_flags"]:
            part["signed"] = by | {"hash": hashes[part["id"]]}
        path.write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")
    for plan_id in content.plans:
        path = folder / "en" / "check_ins" / f"{plan_id}.yaml"
        read = yaml.load(path.read_text("utf-8"), yaml.BaseLoader) | {"signed": by | {"hash": hashes[plan_id]}}
        path.write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


@pytest.fixture
async def clinic(fast_dir: Path, signed_content: Path, migrated_file: Path) -> AsyncIterator[Installation]:
    """Everything as it has to be."""
    world = World(ManualClock(NOW), limits=None)
    owner = world.add_user(OWNER_ID, "Owner")
    content = Path(shutil.copytree(signed_content, fast_dir / "signed"))
    group = world.add_group("Clinic")
    settings: dict[str, object] = {
        "bot_token": world.token,
        "database_url": f"sqlite+aiosqlite:///{fast_dir}/clinic.db",
        "content_dir": content,
        "staff_chat_id": group.chat_id,
        "owner_ids": str(OWNER_ID),
        "backup_dir": fast_dir / "backups",
    }
    (fast_dir / "backups").mkdir()
    (fast_dir / "backups" / name_for(NOW - timedelta(hours=8))).touch()
    shutil.copy(migrated_file, fast_dir / "clinic.db")
    yield Installation(world, group, owner, fast_dir, content, settings)
    await world.aclose()


async def test_a_healthy_clinic(clinic: Installation) -> None:
    await clinic.ran_before()
    findings = await clinic.examined()
    assert list(findings) == [
        *("token", "content", "signatures", "sentence_model", "database"),
        *("sending", "contacts", "backups", "owners", "on_call", "staff_group", "topics", "profile"),
    ]
    assert [finding for finding in findings.values() if not finding.good or finding.remedy] == []


async def test_before_its_first_start_nothing_is_said_about_sending(clinic: Installation) -> None:
    findings = await clinic.examined()
    assert "sending" not in findings
    assert all(finding.good for finding in findings.values())


# --- Telegram ------------------------------------------------------------------------------------------------------


def token_revoked(clinic: Installation) -> None:
    clinic.world.revoke_token(f"{clinic.world.bot_user.user_id}:AAnother-one-that-opens-nothing-either")


def network_down(clinic: Installation) -> None:
    clinic.world.faults.add(faults.no_connection(), times=None)


def bot_is_plain_member(clinic: Installation) -> None:
    clinic.group.add_bot(clinic.group.add(clinic.owner), rights=None)


def bot_may_not_manage_topics(clinic: Installation) -> None:
    clinic.group.add_bot(clinic.group.add(clinic.owner), rights=frozenset(ADMIN_RIGHTS) - {"can_manage_topics"})


def bot_may_not_delete(clinic: Installation) -> None:
    clinic.group.add_bot(clinic.group.add(clinic.owner), rights=frozenset(ADMIN_RIGHTS) - {"can_delete_messages"})


def bot_may_not_take_out(clinic: Installation) -> None:
    clinic.group.add_bot(clinic.group.add(clinic.owner), rights=frozenset(ADMIN_RIGHTS) - {"can_restrict_members"})


def bot_kicked(clinic: Installation) -> None:
    clinic.group.kick_bot(clinic.group.add(clinic.owner))


def no_topics(clinic: Installation) -> None:
    clinic.group.set_forum(False)


@pytest.mark.parametrize(
    ("trouble", "name", "text", "remedy"),
    [
        pytest.param(token_revoked, "token", "refuses the token", "@BotFather", id="token-refused"),
        pytest.param(token_revoked, "staff_group", "not looked at", "token check", id="token-refused-hides-group"),
        pytest.param(network_down, "token", "cannot be reached", "TELEGRAM_API_URL", id="no-network"),
        pytest.param(bot_kicked, "staff_group", "not in the group", "Add the bot", id="kicked"),
        pytest.param(bot_is_plain_member, "staff_group", "no administrator", "administrator", id="not-admin"),
        pytest.param(bot_may_not_manage_topics, "staff_group", "may not manage topics", "manage", id="no-rights"),
        pytest.param(bot_may_not_delete, "staff_group", "may not delete", "delete messages", id="no-deleting"),
        pytest.param(bot_may_not_take_out, "staff_group", "may not take out", "ban users", id="no-taking-out"),
        pytest.param(no_topics, "topics", "off", "Switch on Topics", id="no-topics"),
    ],
)
async def test_what_telegram_tells(
    clinic: Installation, trouble: Callable[[Installation], None], name: str, text: str, remedy: str
) -> None:
    assert (await clinic.examined())[name].good
    trouble(clinic)
    finding = (await clinic.examined())[name]
    assert not finding.good
    assert text in finding.text
    assert remedy in finding.remedy


async def test_an_unreachable_telegram_is_asked_for_nothing_more(clinic: Installation) -> None:
    token_revoked(clinic)
    findings = await clinic.examined()
    assert findings["content"].good
    assert findings["database"].good
    assert "profile" not in findings
    assert clinic.world.calls == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        pytest.param({"staff_chat_id": None}, "STAFF_CHAT_ID is empty", id="none"),
        pytest.param({"staff_chat_id": -1009999999999}, "not in the group -1009999999999", id="another"),
    ],
)
async def test_the_group_is_missing(clinic: Installation, settings: dict[str, object], text: str) -> None:
    findings = await clinic.examined(**settings)
    assert not findings["staff_group"].good
    assert text in findings["staff_group"].text
    assert "topics" not in findings
    assert findings["profile"].good, "patients get their menu all the same"


async def test_a_group_that_was_left_before_the_bot_was_asked_in(clinic: Installation) -> None:
    elsewhere = clinic.world.add_group("Other", bot=Status.LEFT)
    assert not (await clinic.examined(staff_chat_id=elsewhere.chat_id))["staff_group"].good


async def test_the_group_that_moved_is_looked_at_where_it_is_now(clinic: Installation) -> None:
    """`STAFF_CHAT_ID` seeds the database once; after Telegram gave the group another id, only that one is right."""
    old = clinic.world.add_group("Basic", basic=True)
    new = old.migrate(old.add(clinic.owner))
    new.set_forum(True)
    await clinic.ran_before(staff_chat_id=new.chat_id)
    findings = await clinic.examined(staff_chat_id=old.chat_id)
    assert findings["staff_group"].good
    assert findings["topics"].good


# --- here ----------------------------------------------------------------------------------------------------------


async def test_broken_content(clinic: Installation) -> None:
    (clinic.content / "en" / "words.yaml").write_text("stop: [stop\n", "utf-8")
    findings = await clinic.examined()
    assert not findings["content"].good
    assert "aftercare faq check" in findings["content"].remedy
    assert "signatures" not in findings
    assert "profile" not in findings, "the old description stays rather than half a one"


async def test_no_content_at_all(clinic: Installation) -> None:
    finding = (await clinic.examined(content_dir=clinic.folder / "nowhere"))["content"]
    assert not finding.good
    assert "no such folder" in finding.text


def forget_signature(path: Path, index: int) -> None:
    read = yaml.safe_load(path.read_text("utf-8"))
    del (read.get("entries") or read["red_flags"])[index]["signed"]
    path.write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")


async def test_an_unsigned_answer_is_left_out_and_counted(clinic: Installation) -> None:
    forget_signature(clinic.content / "en" / "soreness.yaml", 0)
    finding = (await clinic.examined())["signatures"]
    assert finding.good
    assert finding.text.endswith(": 1")


async def test_an_unsigned_warning_keeps_the_bot_from_starting(clinic: Installation) -> None:
    forget_signature(clinic.content / "en" / "red_flags.yaml", 0)
    finding = (await clinic.examined())["signatures"]
    assert not finding.good
    assert "chest_pain_breathless" in finding.text
    assert "clinician" in finding.remedy
    trial = (await clinic.examined(allow_unsigned=True))["signatures"]
    assert trial.good
    assert "trial" in trial.text


async def test_an_edit_takes_the_signature_back(clinic: Installation) -> None:
    path = clinic.content / "en" / "red_flags.yaml"
    read = yaml.safe_load(path.read_text("utf-8"))
    read["red_flags"][0]["text"] += "\nAnd do not worry."
    path.write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")
    assert not (await clinic.examined())["signatures"].good


async def test_no_database_yet_and_none_is_left_behind(clinic: Installation) -> None:
    finding = (await clinic.examined(database_url=f"sqlite+aiosqlite:///{clinic.folder}/new.db"))["database"]
    assert not finding.good
    assert finding.remedy == "Run `aftercare db upgrade`."
    assert not (clinic.folder / "new.db").exists(), "a file made by looking could be read by anybody"


async def test_an_old_database(clinic: Installation) -> None:
    url = f"sqlite+aiosqlite:///{clinic.folder}/old.db"
    (clinic.folder / "old.db").touch()
    finding = (await clinic.examined(database_url=url))["database"]
    assert not finding.good
    assert f"needs {schema.head()}" in finding.text
    await schema.upgrade(url)
    assert (await clinic.examined(database_url=url))["database"].good


async def test_something_that_is_no_database(clinic: Installation) -> None:
    (clinic.folder / "letter.db").write_text("Dear Sir or Madam, " * 100)
    finding = (await clinic.examined(database_url=f"sqlite+aiosqlite:///{clinic.folder}/letter.db"))["database"]
    assert not finding.good
    assert "DATABASE_URL" in finding.remedy


@pytest.mark.parametrize(
    ("row", "text"),
    [
        pytest.param({"paused": "token_refused"}, "paused: token_refused", id="paused"),
        pytest.param({"staff_lost": "bot_was_kicked"}, "could not be reached: bot_was_kicked", id="staff-lost"),
    ],
)
async def test_what_the_running_bot_complains_of(clinic: Installation, row: dict[str, object], text: str) -> None:
    await clinic.ran_before(**row)
    finding = (await clinic.examined())["sending"]
    assert not finding.good
    assert text in finding.text


async def test_who_is_on_call_has_to_confirm(clinic: Installation) -> None:
    path = clinic.content / "clinic.yaml"
    path.write_text(path.read_text("utf-8").replace("on_call: none", "on_call:\n  - telegram_id: 800\n"), "utf-8")
    await clinic.ran_before()
    finding = (await clinic.examined())["on_call"]
    assert not finding.good
    assert finding.text == "not confirmed: 800"
    assert "/oncall" in finding.remedy
    async with (
        open_store(str(clinic.settings["database_url"]), ManualClock(NOW)) as store,
        store.write() as tx,
    ):
        bot_id = Settings(_env_file=None, **clinic.settings).bot_id  # type: ignore[arg-type]
        await alerts.confirm_on_call(store, tx, bot_id, UserId(800), 1)
    assert (await clinic.examined())["on_call"].good


async def tried(clinic: Installation, action: str) -> None:
    """A backup was put back to see whether it would do."""
    async with open_store(str(clinic.settings["database_url"]), ManualClock(NOW)) as store, store.write() as tx:
        bot_id = Settings(_env_file=None, **clinic.settings).bot_id  # type: ignore[arg-type]
        await accounts.write_audit(tx, bot_id, None, action, None, to_us(NOW - timedelta(days=22)))


async def test_a_backup_that_was_tried(clinic: Installation) -> None:
    await clinic.ran_before()
    assert (await clinic.examined())["backups"].text == "there: 1, not tried yet"
    await tried(clinic, TEST_FAILED)
    finding = (await clinic.examined())["backups"]
    assert not finding.good
    assert finding.text == "the one of 01 Nov 2026 was tried and would not have done"
    await tried(clinic, TESTED)
    assert (await clinic.examined())["backups"].text == "there: 1, last tried 01 Nov 2026"


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        pytest.param(None, "BACKUP_DIR is empty", id="none-set"),
        pytest.param("nowhere/backups", "cannot be written to", id="not-there"),
        pytest.param("content", "there is none yet", id="none-made"),
        pytest.param("old", "the last one is of 21 Nov 2026", id="too-old"),
    ],
)
async def test_no_backup_to_go_back_to(clinic: Installation, folder: str | None, text: str) -> None:
    await clinic.ran_before()
    (clinic.folder / "old").mkdir()
    (clinic.folder / "old" / name_for(NOW - timedelta(hours=37))).touch()
    finding = (await clinic.examined(backup_dir=clinic.folder / folder if folder else None))["backups"]
    assert not finding.good
    assert text in finding.text
    assert finding.remedy


async def test_nobody_is_in_charge(clinic: Installation) -> None:
    finding = (await clinic.examined(owner_ids=""))["owners"]
    assert not finding.good
    assert "doctor --ids" in finding.remedy


# --- what patients see before they press Start -----------------------------------------------------------------------


async def test_the_profile_is_really_set(clinic: Installation) -> None:
    assert clinic.world.profile == {}
    await clinic.examined()
    profile = {what if what != "commands" else (what, of): value for (what, of), value in clinic.world.profile.items()}
    description = str(profile["description"])
    assert "automatic helper from Demo Foot Clinic" in description
    assert "Emergency: 999" in description
    assert "{" not in description
    assert "Emergency: 999" in str(profile["short_description"])
    for_patients = profile["commands", '{"type": "all_private_chats"}']
    for_staff = profile["commands", f'{{"chat_id": {clinic.group.chat_id}, "type": "chat"}}']
    assert for_patients == [{"command": name, "description": what} for name, what in PATIENT_COMMANDS]
    assert for_staff == [{"command": name, "description": what} for name, what in STAFF_COMMANDS]


async def test_a_profile_that_could_not_be_set_is_no_crash(clinic: Installation) -> None:
    clinic.world.faults.add(faults.server_error(502), method="setMyDescription")
    finding = (await clinic.examined())["profile"]
    assert not finding.good
    assert "could not be set" in finding.text
