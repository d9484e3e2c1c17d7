"""T25: the usage store is on a full disk or locked, the hub's database or cookie secret is lost: real processes."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg
from databases import NOBODY, postgres
from maximalab_hub.store.engine import writing
from maximalab_recorder.delivery import Delivery
from maximalab_recorder.ids import uuid7
from maximalab_recorder.spool import Spool
from postedtoservice import SERVER, an_event, count, moment, post, statuses
from smalldisk import full, mount, unmount
from sqlalchemy import text
from usagelab import UsageLab, running_usage_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from databases import Postgres

__all__ = ["postgres"]

EVENTS = 300
SMALL_MB = 24
BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UsageLab]:
    folder = tmp_path_factory.mktemp("faults")
    with running_usage_lab(folder, f"sqlite:///{folder / 'usage.sqlite'}") as running:
        yield running


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A small disk where PostgreSQL's account can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="maximalab-disk-", dir="/tmp"))
    mount(folder, SMALL_MB, mode="0711")
    yield folder
    unmount(folder)
    folder.rmdir()


@pytest.fixture
def small_store(request: pytest.FixtureRequest, lab: UsageLab, small_disk: Path) -> Iterator[Path]:
    """Let the service's tables lie on the small disk; PostgreSQL's own files lie elsewhere, as they would."""
    usual, name = lab.db_url, f"small{uuid4().hex[:8]}"
    if request.param == "sqlite":
        lab.use_store(f"sqlite:///{small_disk / 'usage.sqlite'}")
        yield small_disk
        lab.use_store(usual)
        return
    server: Postgres = request.getfixturevalue("postgres")
    place = small_disk / "space"
    place.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        connection.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
        lab.use_store(server.url(name))
        yield small_disk
        lab.use_store(usual)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP TABLESPACE {name}")


def database(kind: str, lab: UsageLab, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return f"sqlite:///{lab.folder / f'usage-{uuid4().hex[:8]}.sqlite'}"
    return str(request.getfixturevalue("postgres").create_database(f"faults{uuid4().hex[:8]}"))


def begun(lab: UsageLab, user: str = "ada") -> str:
    """The token of this person's server, of whose start the hub has told."""
    token = lab.server_token(user, SERVER)
    told = an_event(kind="server_start", user=user, server=SERVER, at=moment(minutes=-60))
    told |= {"tier": "public", "backend": "local", "entrance": "vpn"}
    assert statuses(post(lab, lab.tokens["witness"], [told])) == ["stored"]
    return token


class Sender:
    """A student's recorder: the real spool and the real delivery."""

    def __init__(self, lab: UsageLab, folder: Path, token: str) -> None:
        self.spool = Spool(folder)
        self.delivery = Delivery(self.spool, f"{lab.usage}/events", token, sender="ada", gather=0)
        self.token, self.boot, self.seq = token, str(uuid4()), 0
        self.delivery.start()

    def record(self, events: int) -> None:
        for _ in range(events):
            at = datetime.now(UTC)
            told = {"event_id": str(uuid7(at)), "boot_id": self.boot, "seq": self.seq, "kind": "run"}
            self.spool.append({**told, "at": at.isoformat(), "detail": {"said": "x" * 1500}})
            self.seq += 1

    def close(self) -> None:
        self.delivery.stop(1)
        self.spool.close()


@pytest.fixture
def sender(lab: UsageLab, tmp_path: Path) -> Iterator[Callable[[], Sender]]:
    made: list[Sender] = []

    def begin() -> Sender:
        made.append(Sender(lab, tmp_path / f"spool-{len(made)}", begun(lab)))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def refused_for_now(lab: UsageLab, token: str) -> httpx.Response:
    big = [an_event(detail={"said": "x" * 1500}) for _ in range(400)]
    return post(lab, token, big)


@pytest.mark.small_disk
@pytest.mark.parametrize("small_store", ["sqlite", "postgresql"], indirect=True)
def test_t25_a_full_disk_loses_nothing_and_ends_with_the_space(
    lab: UsageLab, small_store: Path, sender: Callable[[], Sender]
) -> None:
    one = sender()
    before = count(lab)
    process = lab.processes["service"].pid
    with full(small_store):
        answer = refused_for_now(lab, one.token)
        assert (answer.status_code, answer.json()["field"]) == (503, "store")
        assert int(answer.headers["retry-after"]) >= 1
        assert count(lab) == before, "nothing of the post is kept"
        one.record(EVENTS)
        assert not one.delivery.flush(5), "and the sender keeps its events"
        assert len(one.spool) > 0
        assert httpx.get(f"{lab.usage}/me", timeout=20).status_code == 302, "the service answers as before"
    assert one.delivery.flush(120), lab.log("service")[-2000:]
    assert count(lab) == before + EVENTS
    assert lab.processes["service"].pid == process
    assert lab.processes["service"].poll() is None, "no crash"
    assert "Traceback" not in lab.log("service")


@BOTH
def test_t25_a_locked_store_is_waited_for(
    lab: UsageLab, sender: Callable[[], Sender], kind: str, request: pytest.FixtureRequest
) -> None:
    lab.use_store(database(kind, lab, request))
    one = sender()
    before = count(lab)
    with writing(lab.engine) as other:
        if kind == "postgresql":
            other.execute(text("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE"))
        one.record(20)
        answer = post(lab, one.token, [an_event()])
        assert (answer.status_code, answer.json()["field"]) == (503, "store")
        assert not one.delivery.flush(1)
    assert one.delivery.flush(120)
    assert count(lab) == before + 20


@BOTH
def test_t25_a_hub_that_lost_its_database_starts_and_people_come_back(
    lab: UsageLab, kind: str, request: pytest.FixtureRequest
) -> None:
    lab.use_store(database(kind, lab, request))
    event = an_event()
    assert statuses(post(lab, begun(lab), [event])) == ["stored"]
    lab.stop("hub", kill=True)
    for path in lab.folder.glob("hub.sqlite*"):
        path.unlink()
    (lab.folder / "tokens" / f"ada,{SERVER}").unlink()
    lab.start_hub()
    again = post(lab, begun(lab), [event, an_event()])
    assert statuses(again) == ["known", "stored"], "under the same name, by a new token, and once"
    with lab.browser("ada") as browser:
        assert browser.get("/services/usage/me").status_code == 200
    assert sign_in_works(lab)


@BOTH
def test_t25_a_lost_cookie_secret_costs_a_new_sign_in_and_no_event(
    lab: UsageLab, kind: str, request: pytest.FixtureRequest
) -> None:
    lab.use_store(database(kind, lab, request))
    token = begun(lab)
    with lab.browser("ada") as browser:
        assert browser.get("/services/usage/me").status_code == 200
        lab.stop("hub")
        (lab.folder / "cookie_secret").unlink()
        lab.start_hub()
        assert browser.get("/hub/home").url.path == "/hub/login", "the old session counts no more"
    assert sign_in_works(lab)
    assert statuses(post(lab, lab.server_token("ada", SERVER) or token, [an_event()])) == ["stored"]


def sign_in_works(lab: UsageLab) -> bool:
    with lab.browser("ada") as browser:
        return browser.get("/services/usage/me").status_code == 200
