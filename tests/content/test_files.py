"""The folder on disk: what is read, what is refused, and how little is read of what is refused."""

import errno
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from bot.content.files import MAX_FILES, read_files
from bot.errors import ContentError


def refused(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        read_files(folder)
    return [str(problem) for problem in caught.value.problems]


def test_reads_the_clinic_and_every_language_by_path(folder: Path, good: dict[str, str]) -> None:
    (folder / "de").mkdir()
    (folder / "de" / "words.yaml").write_text("yes: [ja]\n", encoding="utf-8")

    files = read_files(folder)

    assert list(files) == sorted([*good, "de/words.yaml"])
    assert files["en/soreness.yaml"] == good["en/soreness.yaml"]


def test_what_editors_leave_behind_is_passed_over(folder: Path, good: dict[str, str]) -> None:
    (folder / "en" / ".#soreness.yaml").symlink_to("nobody@nowhere")
    for name in ("en/soreness.yaml~", "en/.soreness.yaml.swp", "en/notes.txt", "README.md", ".DS_Store"):
        (folder / name).write_text("\x00", encoding="utf-8")

    assert list(read_files(folder)) == sorted(good)


def test_a_link_inside_the_folder_is_fine(folder: Path) -> None:
    """Kubernetes mounts configuration as links to a hidden folder beside it."""
    data = folder / "..data"
    data.mkdir()
    (folder / "clinic.yaml").rename(data / "clinic.yaml")
    (folder / "clinic.yaml").symlink_to(data / "clinic.yaml")

    assert "name: Test Clinic" in read_files(folder)["clinic.yaml"]


def _link_out(folder: Path) -> None:
    secret = folder.parent / "secret.yaml"
    secret.write_text("key: hidden\n", encoding="utf-8")
    (folder / "en" / "x.yaml").symlink_to(secret)


def _language_out(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_text("key: hidden\n", encoding="utf-8")
    (folder / "de").symlink_to(outside)


def _many(folder: Path) -> None:
    for number in range(MAX_FILES):
        (folder / "en" / f"x{number}.yaml").touch()


def _heavy(folder: Path) -> None:
    for name in "abcde":
        (folder / "en" / f"{name}.yaml").write_bytes(b"#" * 900_000)


def _write(name: str, raw: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(raw)

    return write


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "link out of the folder": (_link_out, "en/x.yaml: this is a link that leads out of the content folder"),
    "language out of the folder": (_language_out, "de/x.yaml: this is a link that leads out of the content folder"),
    "link to nothing": (lambda f: (f / "en/x.yaml").symlink_to("gone"), "en/x.yaml: this is a link to nothing"),
    "link in a circle": (lambda f: (f / "en/x.yaml").symlink_to("x.yaml"), "en/x.yaml: this is a link to nothing"),
    "a folder with a file's name": (lambda f: (f / "en/x.yaml").mkdir(), "en/x.yaml: this is not a file"),
    "a pipe": (lambda f: os.mkfifo(f / "en/x.yaml"), "en/x.yaml: this is not a file"),
    "not UTF-8": (_write("en/x.yaml", b"a: b\nc: caf\xe9\n"), "en/x.yaml:2: a letter here is not saved as UTF-8"),
    "UTF-16": (_write("en/x.yaml", "a: b".encode("utf-16")), "en/x.yaml:1: this is saved as UTF-16"),
    "yml": (_write("en/x.yml", b"a: b\n"), "en/x.yml: this is not read; let its name end in .yaml"),
    "capitals": (_write("en/X.YAML", b"a: b\n"), "en/X.YAML: this is not read; let its name end in .yaml"),
    "beside the languages": (_write("soreness.yaml", b"a: b\n"), "soreness.yaml: this is not read; beside clinic.yaml"),
    "too deep": (_write("en/more/x.yaml", b"a: b\n"), "en/more/: folders in en are not read; move its files up"),
    "too many": (_many, f"there are more than {MAX_FILES} content files"),
    "too much": (_heavy, "all files together are over 4 MB"),
}


@pytest.mark.parametrize(("spoil", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_content_is_refused(folder: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(folder)

    assert any(said in text for text in refused(folder))


def test_a_file_of_50_mb_is_refused_without_reading_it(folder: Path) -> None:
    with (folder / "en" / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    tracemalloc.start()
    try:
        told = refused(folder)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert told == ["en/huge.yaml: this is over 1 MB, which no content file is; split it"]
    assert peak < 5_000_000


def test_no_folder(tmp_path: Path) -> None:
    (told,) = refused(tmp_path / "nothing")

    assert told.endswith("there is no such folder; CONTENT_DIR should name the faq folder")


def test_no_right_to_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> IO[bytes]:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)

    assert "clinic.yaml: this cannot be read: Permission denied" in refused(folder)


def test_no_right_to_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)

    assert refused(folder) == [f"{folder}: this folder cannot be read: Permission denied"]
