"""The clinic edits its texts while the bot runs."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import yaml

from bot.clock import ManualClock
from bot.content.load import load_content
from bot.errors import ContentError
from bot.simulator.house import Cast, House, open_house

NEW_ENTRY = """
  - id: gift_vouchers
    question: Do you sell gift vouchers?
    phrasings:
      - do you sell gift vouchers
      - can I buy a voucher for somebody
      - is there a voucher
      - a present for my aunt, do you have vouchers
      - voucher for a birthday
    answer: Yes, at the desk. Ring us on {clinic_phone}.
    review_by: 2027-11-30
"""


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    """Three groups of questions, and none of the messages that the second opinion learns from: each edit would take
    a quarter of a minute of learning anew."""
    (content_dir / "en" / "red_flag_messages.yaml").unlink()
    for path in (content_dir / "en").glob("*.yaml"):
        text = path.read_text("utf-8")
        if "\nentries:" not in text:
            continue
        if path.stem in ("clinic", "soreness", "twitch_response"):
            path.write_text(re.sub(r"\n +see_also: .+", "", text), "utf-8")
        else:
            path.unlink()
    return content_dir


@pytest.fixture
def clinic_file(content_dir: Path) -> Path:
    return content_dir / "en" / "clinic.yaml"


async def look(house: House) -> None:
    await house.app.look_at_content()
    await house.settle()


async def test_a_new_entry_is_used_without_a_restart(house: House, clinic_file: Path) -> None:
    house.patient.says("do you sell gift vouchers?")
    await house.settle()
    assert "I'm not sure" in house.patient.last.text
    clinic_file.write_text(clinic_file.read_text() + NEW_ENTRY)
    await look(house)
    assert house.staff_texts[-1].startswith("New texts are in use")
    house.patient.says("do you sell gift vouchers?")
    await house.settle()
    assert "Yes, at the desk. Ring us on 01632" in house.patient.last.text


async def test_a_broken_file_changes_nothing_and_is_told_once(house: House, clinic_file: Path) -> None:
    good = clinic_file.read_text()
    clinic_file.write_text(good + NEW_ENTRY.replace("answer:", "anwser:"))
    await look(house)
    await look(house)
    told = [text for text in house.staff_texts if text.startswith("The texts have mistakes")]
    assert len(told) == 1
    assert "en/clinic.yaml:" in told[0]
    assert "anwser" in told[0]
    house.patient.says("My leg jumped. Is that normal?")
    await house.settle()
    assert "reflex" in house.patient.last.text
    clinic_file.write_text(good)
    await look(house)
    assert not house.app.library.problems


async def test_a_broken_folder_at_a_restart_serves_the_last_good_revision(
    house: House, cast: Cast, database_url: str, content_dir: Path, clinic_file: Path, clock: ManualClock
) -> None:
    clinic_file.write_text("entries: [")
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert any(text.startswith("The texts have mistakes") for text in again.staff_texts)
        again.patient.says("My leg jumped. Is that normal?")
        await again.settle()
        assert "reflex" in again.patient.last.text


async def test_without_any_good_revision_it_refuses_to_start(
    cast: Cast, fast_dir: Path, content_dir: Path, clinic_file: Path, clock: ManualClock
) -> None:
    clinic_file.write_text("entries: [")
    with pytest.raises(ContentError, match=r"en/clinic\.yaml"):
        async with open_house(cast, f"sqlite+aiosqlite:///{fast_dir}/new.db", content_dir, clock):
            pass


async def test_with_a_real_token_unsigned_warnings_refuse_to_start(
    cast: Cast, fast_dir: Path, content_dir: Path, clock: ManualClock
) -> None:
    with pytest.raises(ContentError, match=r"signed .* chest_pain_breathless"):
        async with open_house(cast, f"sqlite+aiosqlite:///{fast_dir}/new.db", content_dir, clock, signed_only=True):
            pass


def sign(content_dir: Path, file: str, key: str, wanted: Callable[[str], bool]) -> None:
    """Write a clinician's signature under every item of a file whose id is wanted."""
    content = load_content(content_dir)
    hashes = {flag.id: flag.text_hash for flag in content.red_flags}
    hashes |= {id_: entry.text_hash for id_, entry in content.entries.items()}
    path = content_dir / "en" / file
    data = yaml.load(path.read_text(), yaml.BaseLoader)
    for item in data[key]:
        if wanted(item["id"]):
            item["signed"] = {"name": "C-1", "registration": "R-1", "on": "2026-11-01", "hash": hashes[item["id"]]}
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def sign_plans(content_dir: Path) -> None:
    """The same under every care plan."""
    for plan_id, plan in load_content(content_dir).plans.items():
        path = content_dir / "en" / "check_ins" / f"{plan_id}.yaml"
        data = yaml.load(path.read_text(), yaml.BaseLoader)
        data["signed"] = {"name": "C-1", "registration": "R-1", "on": "2026-11-01", "hash": plan.text_hash}
        path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


@pytest.fixture
async def signed_house(cast: Cast, fast_dir: Path, content_dir: Path, clock: ManualClock) -> AsyncIterator[House]:
    """A bot in earnest: all warnings and plans signed, of the answers only the one about the twitch."""
    sign_plans(content_dir)
    sign(content_dir, "red_flags.yaml", "red_flags", lambda _: True)
    sign(content_dir, "twitch_response.yaml", "entries", lambda id_: id_ == "leg_jump_quiver")
    url = f"sqlite+aiosqlite:///{fast_dir}/signed.db"
    async with open_house(cast, url, content_dir, clock, signed_only=True) as made:
        made.patient.starts()
        await made.settle()
        yield made


async def test_signed_entries_answer_and_unsigned_ones_hand_over(signed_house: House) -> None:
    signed_house.patient.says("My leg jumped. Is that normal?")
    await signed_house.settle()
    assert "reflex" in signed_house.patient.last.text
    signed_house.patient.says("my muscle still aches two days after my visit and I wonder when it stops")
    await signed_house.settle()
    assert "hard exercise" not in signed_house.patient.last.text, "what nobody signed is not said"
    assert "reflex" not in signed_house.patient.last.text
    assert any(text.startswith("Texts without a signature") for text in signed_house.staff_texts)


async def test_an_edit_drops_the_signature(signed_house: House, content_dir: Path) -> None:
    path = content_dir / "en" / "twitch_response.yaml"
    path.write_text(path.read_text().replace("reflex", "quick reflex"))
    await look(signed_house)
    signed_house.patient.says("My leg jumped. Is that normal?")
    await signed_house.settle()
    assert "I'm not sure" in signed_house.patient.last.text


async def test_an_edited_warning_is_not_served_unsigned(signed_house: House, content_dir: Path) -> None:
    path = content_dir / "en" / "red_flags.yaml"
    path.write_text(path.read_text().replace("Sit upright and rest", "Sit upright"))
    await look(signed_house)
    assert signed_house.staff_texts[-1].startswith("The texts have mistakes")
    signed_house.patient.says("I have chest pain")
    await signed_house.settle()
    assert "Sit upright and rest" in signed_house.patient.last.text
