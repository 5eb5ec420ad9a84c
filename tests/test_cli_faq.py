"""`aftercare faq review-pack`, `impact` and `history`."""

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.clock import SystemClock
from bot.content.load import load_content, parse_content, read_files, revision_of
from bot.content.parts import Signature
from bot.model import BotId, UserId
from bot.services.review_pack import review_pack, waiting
from bot.settings import Settings
from bot.store import accounts, revisions, schema
from bot.store.engine import open_store
from bot.store.tables import patient, question

ROOT = Path(__file__).parent.parent
BOT = BotId(110201543)
MOVED = "my calf aches after the treatment"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with two groups of questions, served as they stand, and one question asked of them."""
    for name in Settings.model_fields:
        if name not in {"index_dir", "semantic_model"}:  # those of the whole run (conftest.py)
            monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_TOKEN", f"{BOT}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")
    faq = Path(shutil.copytree(ROOT / "faq", tmp_path / "faq"))
    for path in (faq / "en").glob("*.yaml"):
        is_group = "\nentries:" in path.read_text("utf-8") and path.stem not in ("soreness", "sensations")
        if is_group or path.stem in ("red_flag_messages", "for_people"):
            path.unlink()
    for path in (faq / "en" / "soreness.yaml", faq / "en" / "sensations.yaml"):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "see_also" not in line), "utf-8")
    asyncio.run(_serve(read_files(faq)))
    return faq


async def _serve(files: dict[str, str]) -> None:
    url = Settings().database_url
    await schema.upgrade(url)
    async with open_store(url, clock := SystemClock()) as store, store.write() as tx:
        await accounts.ensure_bot(store, tx, BOT, None, 1)
        await revisions.add(tx, BOT, revision_of(files), files, None, 1_700_000_000_000_000)
        await revisions.add(tx, BOT, "edited", files, UserId(7), clock.now_us(), note="Why", touched=["heat_or_ice"])
        now_us = clock.now_us()
        await tx.execute(patient.insert().values(id=1, bot_id=BOT, code="P-7F3K", created_us=now_us))
        row = {"bot_id": BOT, "patient_id": 1, "chat_id": 1, "decision": "answer", "why": {}, "at_us": now_us}
        await tx.execute(question.insert().values(text=MOVED, **row))


@pytest.fixture
def aftercare(folder: Path) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(app, ["faq", *arguments])


def test_the_review_pack_is_a_page_with_a_line_to_sign_on_for_each(
    aftercare: Callable[..., Result], folder: Path
) -> None:
    result = aftercare("review-pack", "--out", "pack.html")
    assert result.exit_code == 0, result.output
    content = load_content(folder)
    count = len(content.red_flags) + len(content.plans) + len(content.entries)
    assert result.stderr == f"{count} texts written to pack.html.\n"
    page = Path("pack.html").read_text("utf-8")
    assert page.count("signature:</p>") == page.count("Code of this text: ") == count
    assert content.entries["heat_or_ice"].text_hash in page
    assert "{clinic_phone}" not in page
    assert "http-equiv" not in page
    assert content.clinic.phone in page


def test_what_is_signed_and_not_overdue_is_left_out() -> None:
    content = parse_content(read_files(ROOT / "faq"))
    entry = content.groups[0].entries[0]
    signed = entry.model_copy(
        update={"signed": Signature(name="C-1", registration="R-1", on=date(2026, 11, 1), hash=entry.text_hash)}
    )
    changed = signed.model_copy(update={"answer": "Another."})
    for one, today, why in (
        (signed, date(2026, 11, 23), None),
        (signed, date(2099, 1, 1), f"to be read again by {entry.review_by}"),
        (changed, date(2026, 11, 23), "changed since C-1 signed it on 2026-11-01"),
    ):
        group = content.groups[0].model_copy(update={"entries": (one,)})
        alone = content.model_copy(update={"groups": (group,), "red_flags": (), "plans": {}})
        assert bool(waiting(alone, today)) is (why is not None)
        assert (why or TITLE_ONLY) in review_pack(alone, today)


TITLE_ONLY = "0 texts."


def test_impact_says_what_moves_and_shows_words_only_when_asked(aftercare: Callable[..., Result], folder: Path) -> None:
    other = Path(shutil.copytree(folder, folder.parent / "other"))
    path = other / "en" / "soreness.yaml"
    line = f"      - {MOVED}\n"
    text = path.read_text("utf-8")
    assert line in text
    before, after = text.replace(line, "").split("id: heat_or_ice", 1)
    after = after.replace("phrasings:\n", f"phrasings:\n{line}", 1)
    path.write_text(f"{before}id: heat_or_ice{after}", "utf-8")
    result = aftercare("impact", "other")
    assert "1 of 1 past questions would be answered otherwise." in result.stdout
    assert "answer soreness_duration → answer heat_or_ice" in result.stdout
    assert MOVED not in result.stdout
    assert MOVED in aftercare("impact", "other", "--texts").stdout
    told = json.loads(aftercare("impact", "other", "--json").stdout)
    assert (told["asked"], told["changed"]) == (1, 1)
    same = json.loads(aftercare("impact", str(folder), "--json").stdout)
    assert (same["changed"], same["phrasings_changed"], same["refusals"]) == (0, 0, [])


def test_history_names_who_when_and_what(aftercare: Callable[..., Result]) -> None:
    newest, first = aftercare("history").stdout.splitlines()
    assert "2023-11-14 22:13 UTC  the folder  everything" in first
    assert "user 7  heat_or_ice  Why" in newest
    assert aftercare("history", "heat_or_ice").stdout.splitlines() == [newest]
    (told,) = json.loads(aftercare("history", "--limit", "1", "--json").stdout)
    assert (told["author_id"], told["touched"], told["undoes_id"]) == (7, ["heat_or_ice"], None)
