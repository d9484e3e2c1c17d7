"""The tables that the program expects are the tables that the migrations make, on both databases."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from jupyterhub import orm
from maximalab_hub import migrations
from maximalab_hub.dbcommand import app
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.store.models import Base
from sqlalchemy import inspect, make_url, text
from typer.testing import CliRunner

if TYPE_CHECKING:
    from sqlalchemy import Engine


def test_migrations_make_exactly_the_tables_of_the_models(store: Engine) -> None:
    with reading(store) as connection:
        assert compare_metadata(migrations.context_of(connection), Base.metadata) == []


def test_a_new_store_has_no_version_and_an_upgraded_one_the_newest(store_url: str) -> None:
    engine = open_engine(store_url)
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    migrations.upgrade(engine)
    assert migrations.current(engine) == migrations.newest()


def hubs_version(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


@pytest.mark.parametrize("hub_first", [True, False], ids=["the hub first", "the store first"])
def test_the_hub_and_the_store_may_share_a_database(store_url: str, *, hub_first: bool) -> None:
    engine = open_engine(store_url)
    hubs_url = make_url(store_url)
    if hubs_url.get_backend_name() == "postgresql":
        hubs_url = hubs_url.set(drivername="postgresql+psycopg")

    def open_hub() -> None:
        orm.new_session_factory(hubs_url.render_as_string(hide_password=False)).kw["bind"].dispose()

    for step in (open_hub, migrations.upgrade) if hub_first else (migrations.upgrade, open_hub):
        step() if step is open_hub else step(engine)
    hubs = hubs_version(engine)
    migrations.upgrade(engine)
    open_hub()  # raises where the version that it finds is not its own
    assert hubs_version(engine) == hubs != [migrations.newest()]
    assert migrations.current(engine) == migrations.newest()
    engine.dispose()


def test_a_foreign_version_is_neither_read_nor_changed(store_url: str) -> None:
    engine = open_engine(store_url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('foreign')"))
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    assert migrations.current(engine) == migrations.newest()
    assert hubs_version(engine) == ["foreign"]
    engine.dispose()


def test_an_early_store_that_kept_its_version_in_the_usual_table_is_taken_over(store_url: str) -> None:
    store = open_engine(store_url)
    with writing(store) as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(f"ALTER TABLE {migrations.VERSION_TABLE} RENAME TO alembic_version"))
    assert migrations.current(store) is None
    migrations.upgrade(store)
    assert migrations.current(store) == migrations.newest()
    with reading(store) as connection:
        assert "alembic_version" not in inspect(connection).get_table_names()


def test_processes_that_upgrade_at_once_all_succeed(store_url: str) -> None:
    command = [sys.executable, "-m", "typer", "maximalab_hub.dbcommand", "run", "upgrade", "--url", store_url]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=180)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert migrations.current(open_engine(store_url)) == migrations.newest()


def test_the_command_says_what_to_do_and_then_that_it_is_done(store_url: str) -> None:
    run = CliRunner().invoke
    before = run(app, ["status", "--url", store_url])
    assert before.exit_code == 1
    assert "maximalab db upgrade" in before.output
    assert run(app, ["upgrade", "--url", store_url]).exit_code == 0
    assert run(app, ["status", "--url", store_url]).exit_code == 0


def test_the_command_refuses_an_unknown_database_in_one_line() -> None:
    result = CliRunner().invoke(app, ["status", "--url", "mysql://host/name"])
    assert result.exit_code == 2
    assert "sqlite:///<path>" in result.output


def test_the_way_back_stops_where_rows_would_be_lost_and_is_gone_where_none_are(store_url: str) -> None:
    engine, run = open_engine(store_url), CliRunner().invoke
    migrations.upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO archived_id VALUES (:id)"), {"id": b"0123456789abcdef"})
    refused = run(app, ["downgrade", "0008", "--url", store_url])
    assert (refused.exit_code, "archived_id" in refused.output) == (2, True)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM archived_id")).scalar_one() == 1
    assert migrations.current(engine) == migrations.newest()
    assert run(app, ["downgrade", "0008", "--lose", "--url", store_url]).exit_code == 0
    assert migrations.current(engine) == "0008"
    assert run(app, ["upgrade", "--url", store_url]).exit_code == 0


def test_a_store_of_a_newer_version_is_named_and_left_as_it_is(store_url: str) -> None:
    engine, run = open_engine(store_url), CliRunner().invoke
    migrations.upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE maximalab_alembic_version SET version_num = '9999'"))
    for words in (["upgrade"], ["downgrade", "0008"]):
        said = run(app, [*words, "--url", store_url])
        assert (said.exit_code, "9999" in said.output) == (2, True), said.output
    assert migrations.current(engine) == "9999"
