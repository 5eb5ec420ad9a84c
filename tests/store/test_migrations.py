"""Migrations: from empty to exactly the tables of `tables.py`, from every revision to the next with rows in place."""

import asyncio
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import StoreError
from bot.store import schema
from bot.store.tables import metadata

Rows = dict[str, list[dict[str, Any]]]


async def with_database(url: str, work: Callable[[sa.Connection], Any]) -> Any:
    """Run `work` in a transaction on a connection of its own."""
    if (file := sa.make_url(url).database) and url.startswith("sqlite"):
        Path(file).parent.mkdir(exist_ok=True)
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def revisions() -> list[str]:
    """Every revision, oldest first."""
    scripts = ScriptDirectory.from_config(schema.config()).walk_revisions()
    return [script.revision for script in scripts][::-1]


# --- from empty -----------------------------------------------------------------------------------------------------


async def test_an_empty_database_is_at_no_revision(empty_url: str, fast_dir: Path) -> None:
    assert await schema.current(empty_url) is None
    assert list(fast_dir.iterdir()) == []  # asking makes no file


async def test_a_database_with_somebody_elses_tables_is_at_no_revision(empty_url: str) -> None:
    await with_database(empty_url, lambda connection: connection.exec_driver_sql("CREATE TABLE theirs (x INTEGER)"))
    assert await schema.current(empty_url) is None


async def test_from_empty_to_exactly_our_tables(empty_url: str) -> None:
    await schema.upgrade(empty_url)

    def differences(connection: sa.Connection) -> object:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True}
        )
        return compare_metadata(context, metadata)

    assert await with_database(empty_url, differences) == []
    assert await schema.current(empty_url) == schema.head() == revisions()[-1]


async def test_what_alembic_does_not_compare_is_the_same_too(empty_url: str) -> None:
    """Conditions of partial indexes, AUTOINCREMENT, lengths, defaults: in the database's own words."""
    await with_database(empty_url, metadata.create_all)
    made = await with_database(empty_url, _in_its_own_words)
    await with_database(empty_url, metadata.drop_all)
    await schema.upgrade(empty_url)
    assert await with_database(empty_url, _in_its_own_words) == made


def _in_its_own_words(connection: sa.Connection) -> set[tuple[object, ...]]:
    if connection.dialect.name == "sqlite":
        columns = (
            "SELECT m.name, c.name, c.type, c.\"notnull\", trim(c.dflt_value, '()'), c.pk, m.sql LIKE '%AUTOINCREMENT%'"
            " FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        )
        indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
    else:
        columns = (
            "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        )
        indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    found = [tuple(row) for words in (columns, indexes) for row in connection.exec_driver_sql(words)]
    return {row for row in found if "alembic" not in str(row[0]) and row[0] != "sqlite_sequence"}


async def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    await schema.upgrade(empty_url)
    await with_database(empty_url, fill)
    before = await with_database(empty_url, everything)
    await schema.upgrade(empty_url)
    assert await with_database(empty_url, everything) == before


async def test_two_processes_that_start_at_once_both_find_the_schema(empty_url: str) -> None:
    program = "import asyncio, sys; from bot.store import schema; asyncio.run(schema.upgrade(sys.argv[1]))"
    starts = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty_url) for _ in range(2)]
    assert [await start.wait() for start in starts] == [0, 0]
    assert await schema.current(empty_url) == schema.head()


async def test_a_new_file_is_for_its_owner_only(fast_dir: Path) -> None:
    await schema.upgrade(f"sqlite+aiosqlite:///{fast_dir}/data/here.db")
    assert stat.S_IMODE((fast_dir / "data/here.db").stat().st_mode) == 0o600


# --- what cannot be done --------------------------------------------------------------------------------------------


async def test_a_database_of_a_newer_version_is_refused(empty_url: str) -> None:
    await schema.upgrade(empty_url)
    await with_database(
        empty_url, lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later'")
    )
    with pytest.raises(StoreError, match=r"at revision later, which this version does not know\. Install the newer"):
        await schema.upgrade(empty_url)
    assert await schema.current(empty_url) == "later"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite+aiosqlite:////dev", id="a folder"),
        pytest.param(
            "postgresql+psycopg://clinic:hunter2@/aftercare?host=/dev/null", marks=pytest.mark.postgres, id="no server"
        ),
    ],
)
async def test_a_database_that_cannot_be_opened_is_named_without_its_password(url: str) -> None:
    if url.startswith("postgres"):
        pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="Check DATABASE_URL") as caught:
        await schema.current(url)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(StoreError, match="Check DATABASE_URL"):
        await schema.upgrade(url)


async def test_a_file_that_cannot_be_made_is_named(fast_dir: Path) -> None:
    (fast_dir / "data").touch()
    with pytest.raises(StoreError, match=r"cannot be made at .*/data/aftercare\.db: File exists"):
        await schema.upgrade(f"sqlite+aiosqlite:///{fast_dir}/data/aftercare.db")


# --- from each revision to the next ---------------------------------------------------------------------------------


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """Our tables as they are in the database, those first that others point to."""
    tables = sa.MetaData()
    tables.reflect(connection)
    return [table for table in tables.sorted_tables if table.name != "alembic_version"]


def fill(connection: sa.Connection, tables: Sequence[sa.Table] | None = None) -> None:
    """Put one row into each empty table, whatever its columns are at this revision."""
    for table in tables or tables_of(connection):
        if connection.scalar(sa.select(sa.func.count()).select_from(table)):
            continue
        connection.execute(table.insert().values({column.name: _some(connection, column) for column in table.columns}))


def _some(connection: sa.Connection, column: sa.Column[Any]) -> object:
    for key in column.foreign_keys:
        if key.column.table is not column.table:
            return connection.scalar(sa.select(sa.func.min(key.column)))
        return None
    if isinstance(column.type, sa.JSON):
        return {"v": 1, "text": "Still sore", "buttons": []}
    if isinstance(column.type, sa.Boolean):
        return True
    if isinstance(column.type, sa.LargeBinary):
        return b"\x00\xff"
    return "still" if isinstance(column.type, sa.String) else 7


def everything(connection: sa.Connection, tables: Sequence[sa.Table] | None = None) -> Rows:
    """All rows of all tables."""
    return {
        table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
        for table in tables or tables_of(connection)
    }


def kept(before: Rows, after: Rows) -> bool:
    """Whether every row is still there, in every column that still exists."""
    return all(
        len(rows) == len(after[name])
        and all(
            {column: new[column] for column in old if column in new} == {c: v for c, v in old.items() if c in new}
            for old, new in zip(rows, after[name], strict=True)
        )
        for name, rows in before.items()
        if name in after
    )


def orphans(connection: sa.Connection) -> list[Any]:
    """References to rows that are not there: SQLite does not look while tables are rebuilt."""
    if connection.dialect.name != "sqlite":
        return []
    return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))


async def test_rows_survive_every_step(empty_url: str) -> None:
    rows: Rows = {}

    def look_and_fill(connection: sa.Connection) -> tuple[Rows, list[Any], Rows]:
        tables = tables_of(connection)
        found = everything(connection, tables), orphans(connection)
        fill(connection, tables)
        return *found, everything(connection, tables)

    for revision in revisions():
        await schema.upgrade(empty_url, revision)
        assert await schema.current(empty_url) == revision
        after, lost, filled = await with_database(empty_url, look_and_fill)
        assert kept(rows, after), revision
        assert lost == [], revision
        rows = filled
    assert all(rows.values())


def test_revisions_are_one_line_numbered_in_order() -> None:
    scripts = ScriptDirectory.from_config(schema.config())
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


# --- the next migration, whoever writes it --------------------------------------------------------------------------


def add_revision(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    """Make a revision "next" after the head, with `body` as its upgrade."""
    head, base = schema.head(), schema.config
    folder.mkdir()
    (folder / "next.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision = 'next'\ndown_revision = {head!r}\n\n"
        f"def upgrade():\n    {body}\n"
    )

    def config() -> Config:
        made = base()
        made.set_main_option("path_separator", "newline")
        made.set_main_option("version_locations", f"{schema.HERE}/migrations/versions\n{folder}")
        return made

    monkeypatch.setattr(schema, "config", config)


REBUILD = """with op.batch_alter_table("message", recreate="always") as batch:
        batch.add_column(sa.Column("added", sa.Integer))
        batch.alter_column("owner", type_=sa.String(60))"""


async def test_rebuilding_a_table_that_others_point_to_keeps_all_rows(
    empty_url: str, fast_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await schema.upgrade(empty_url)
    await with_database(empty_url, fill)
    before = await with_database(empty_url, everything)
    add_revision(
        monkeypatch, fast_dir / "next", REBUILD if "sqlite" in empty_url else REBUILD.replace("always", "never")
    )
    await schema.upgrade(empty_url)
    after = await with_database(empty_url, everything)
    assert "added" in after["message"][0]
    assert kept(before, after)
    assert await with_database(empty_url, orphans) == []


async def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(
    empty_url: str, fast_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await schema.upgrade(empty_url)
    before = await with_database(empty_url, everything)
    body = 'op.create_table("half", sa.Column("id", sa.Integer)); op.execute("INSERT INTO nowhere VALUES (1)")'
    with monkeypatch.context() as patch:
        add_revision(patch, fast_dir / "next", body)
        with pytest.raises(StoreError, match=r"could not be upgraded: .*nowhere"):
            await schema.upgrade(empty_url)
    assert await with_database(empty_url, everything) == before
    assert await schema.current(empty_url) == schema.head()


async def test_a_database_that_went_ahead_is_refused_by_the_older_code(
    empty_url: str, fast_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        add_revision(patch, fast_dir / "next", 'op.create_table("later", sa.Column("id", sa.Integer))')
        await schema.upgrade(empty_url)
    with pytest.raises(StoreError, match="at revision next"):
        await schema.upgrade(empty_url)
