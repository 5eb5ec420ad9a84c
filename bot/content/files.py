"""The content folder on disk: its files as text, read with bounds, or every reason why not; and written."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bot.content.yaml_reader import clean_text
from bot.errors import ContentError, Problem

MAX_FILE_BYTES = 1_000_000
"""About two hundred times a usual file."""
MAX_TOTAL_BYTES = 4_000_000
MAX_FILES = 100
CLINIC_FILE = "clinic.yaml"
PLANS = "check_ins"
"""The folder of a language with care plans, one a file."""
_LANGUAGE = re.compile(r"[a-z]{2}")
_YAML = frozenset({".yaml", ".yml"})


def read_files(folder: Path) -> dict[str, str]:
    """Path (relative, with /) → text of `clinic.yaml` and of every language's files, by path.

    Line ends come back as `\\n` and without a byte order mark, so a file means the same from any editor. No more than
    the bound is read from any file. Raises ContentError with every problem found.
    """
    if not folder.is_dir():
        text = "there is no such folder; CONTENT_DIR should name the faq folder"
        raise ContentError([Problem(str(folder), None, text)])
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    total = 0
    try:
        paths = _content_files(folder, problems)
    except OSError as error:
        text = f"this folder cannot be read: {error.strerror or 'the disk refused'}"
        raise ContentError([Problem(str(folder), None, text)]) from error
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            raw = _read(folder, path)
            total += len(raw)
            if total > MAX_TOTAL_BYTES:
                raise _Unreadable(f"all files together are over {MAX_TOTAL_BYTES // 1_000_000} MB; I stop reading here")
            texts[name] = _decode(raw)
        except _Unreadable as error:
            problems.append(Problem(name, error.line, str(error)))
            if total > MAX_TOTAL_BYTES:
                break
    if problems:
        raise ContentError(problems)
    return texts


def write_files(folder: Path, files: Mapping[str, str], gone: Iterable[str] = ()) -> None:
    """Bring the folder to this state: write what differs, each file at once or not at all, and remove `gone`.

    Raises OSError, with what was written until then in place.
    """
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or _decode(path.read_bytes()) != text:
            _replace(path, text)
    for name in gone:
        (folder / name).unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader, and a machine that loses its power, has the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")  # hidden: no content file
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Unreadable(Exception):
    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


def _content_files(folder: Path, problems: list[Problem]) -> list[Path]:
    """The files that count, by path. What looks like content but would be left out is a problem, not a surprise."""
    found = list(_listed(folder, problems))
    if len(found) > MAX_FILES:
        problems.append(Problem(str(folder), None, f"there are more than {MAX_FILES} content files; put some together"))
    return found[:MAX_FILES]


def _listed(folder: Path, problems: list[Problem]) -> Iterator[Path]:
    for path in _visible(folder):
        if path.name == CLINIC_FILE:
            yield path
        elif path.is_dir() and _LANGUAGE.fullmatch(path.name):
            yield from _listed_language(folder, path, problems)
        elif path.suffix.lower() in _YAML:
            text = f"this is not read; beside {CLINIC_FILE} all files stand in a language's folder such as en"
            problems.append(Problem(path.name, None, text))


def _listed_language(folder: Path, language: Path, problems: list[Problem]) -> Iterator[Path]:
    for path in _visible(language):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".yaml":
            yield path
        elif path.suffix.lower() in _YAML:
            problems.append(Problem(name, None, "this is not read; let its name end in .yaml"))
        elif path.is_dir() and path.name == PLANS:
            yield from _listed_plans(folder, path, problems)
        elif path.is_dir() and any(inner.suffix.lower() in _YAML for inner in _visible(path)):
            problems.append(Problem(f"{name}/", None, f"folders in {language.name} are not read; move its files up"))


def _listed_plans(folder: Path, plans: Path, problems: list[Problem]) -> Iterator[Path]:
    for path in _visible(plans):
        if path.suffix == ".yaml":
            yield path
        elif path.suffix.lower() in _YAML:
            name = path.relative_to(folder).as_posix()
            problems.append(Problem(name, None, "this is not read; let its name end in .yaml"))


def _visible(folder: Path) -> list[Path]:
    """By name, without hidden files: editors keep locks and backups under such names."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _read(folder: Path, path: Path) -> bytes:
    if not path.exists():
        raise _Unreadable("this is a link to nothing; put the file itself here")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _Unreadable("this is a link that leads out of the content folder; put the file itself here")
    if not path.is_file():
        raise _Unreadable("this is not a file")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _Unreadable(f"this cannot be read: {error.strerror or 'the disk refused'}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise _Unreadable(f"this is over {MAX_FILE_BYTES // 1_000_000} MB, which no content file is; split it")
    return raw


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unreadable("this is saved as UTF-16; save it as UTF-8", 1)
    try:
        return clean_text(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _Unreadable("a letter here is not saved as UTF-8; save the file as UTF-8 and look at it", line) from error
