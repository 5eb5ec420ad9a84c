"""The texts that ship, read once for all test files that build their tables from them."""

from pathlib import Path

from bot.content.load import parse_content, read_files

FILES = read_files(Path(__file__).parents[1] / "faq")
CONTENT = parse_content(FILES)
