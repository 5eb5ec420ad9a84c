"""The content that ships, read and checked once."""

import os
from datetime import date
from pathlib import Path

import pytest

from bot.content.lint import check_files
from bot.content.load import read_files
from bot.content.schema import Content
from bot.core.understand import Brain
from bot.services.indexes import brain_for

FAQ = Path(__file__).resolve().parents[2] / "faq"
WRITTEN_ON = date(2026, 11, 22)


@pytest.fixture(scope="session")
def content() -> Content:
    checked = check_files(read_files(FAQ), WRITTEN_ON)
    assert checked.findings.errors == ()
    assert checked.findings.warnings == ()
    assert checked.content is not None
    return checked.content


@pytest.fixture(scope="session")
def brain(content: Content) -> Brain:
    return brain_for(content, None, Path(os.environ["INDEX_DIR"]))
