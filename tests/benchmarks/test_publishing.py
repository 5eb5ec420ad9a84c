"""What `benchmarks/publishing.py` measures on is what the issue names."""

from pathlib import Path

from benchmarks.publishing import ENTRIES, PHRASINGS, QUESTIONS, asked_by_patients, make_folder
from bot.content.lint import check_files
from bot.content.load import read_files


def test_the_folder_has_as_many_questions_as_it_says_and_may_be_served(tmp_path: Path) -> None:
    make_folder(tmp_path / "faq")
    checked = check_files(read_files(tmp_path / "faq"))
    assert checked.ok, checked.findings.errors
    assert checked.content is not None
    assert {len(entry.phrasings) for entry in checked.content.entries.values()} == {PHRASINGS}
    assert len(checked.content.entries) == ENTRIES
    assert checked.content.for_people


def test_enough_has_been_asked() -> None:
    assert len(set(asked_by_patients())) >= QUESTIONS
