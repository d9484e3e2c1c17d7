"""The tables that the program expects are the tables that the migrations make, on both databases."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from maximalab_hub import migrations
from maximalab_hub.dbcommand import app
from maximalab_hub.store.engine import open_engine, reading
from maximalab_hub.store.models import Base
from typer.testing import CliRunner

if TYPE_CHECKING:
    from sqlalchemy import Engine


def test_migrations_make_exactly_the_tables_of_the_models(store: Engine) -> None:
    with reading(store) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_new_store_has_no_version_and_an_upgraded_one_the_newest(store_url: str) -> None:
    engine = open_engine(store_url)
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    migrations.upgrade(engine)
    assert migrations.current(engine) == migrations.newest()


def test_processes_that_upgrade_at_once_all_succeed(store_url: str) -> None:
    command = [sys.executable, "-m", "typer", "maximalab_hub.dbcommand", "run", "upgrade", "--url", store_url]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
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
