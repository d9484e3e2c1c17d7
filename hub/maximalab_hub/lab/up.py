"""`./lab up`: prepare, start, say where it is, keep it alive, and end it without leaving a process behind."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from maximalab_hub.lab import descent, ports, ready, tell
from maximalab_hub.lab.prepare import prepare
from maximalab_hub.lab.processes import GRACE, GivenUpError, Supervisor, log_end
from maximalab_hub.lab.programs import MissingPartError, programs
from maximalab_hub.people import AccountError
from maximalab_hub.secret_files import SecretError
from maximalab_hub.settings import SettingsError
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maximalab_hub.lab.places import Addresses, Places

LONGEST_START = 180.0
"""Seconds until every part must have answered."""
BEAT = 1.0
"""Seconds between two looks at who lives, where no signal comes before."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LabError(Exception):
    """The lab cannot be started, or not go on. The text says why and what to do."""


SAID = (
    LabError,
    GivenUpError,
    MissingPartError,
    AccountError,
    SecretError,
    SettingsError,
    StoreAwayError,
    OSError,  # a full disk, a folder of somebody else: it names the file and the reason
)
"""Errors whose text already tells a person what to do."""


def up(places: Places, addresses: Addresses) -> int:
    """Run the lab until a signal ends it; returns the exit code."""
    # What the lab's processes write is personal: homes, databases, logs. It is for this user alone.
    os.umask(0o077)
    try:
        with one_at_a_time(places, addresses), Signals() as signals:
            run(places, addresses, signals)
    except SAID as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    return 0


@contextmanager
def one_at_a_time(places: Places, addresses: Addresses) -> Iterator[None]:
    """Hold the state folder's lock. Raises `LabError` where another lab runs there."""
    places.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (places.run / "lab.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabError(f"{running_lab(places)} Stop it with Ctrl-C where it was started.") from error
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "public": addresses.public.url}))
        file.flush()
        yield
        file.truncate(0)


def running_lab(places: Places) -> str:
    """Describe the lab that holds the lock."""
    try:
        holder = json.loads((places.run / "lab.lock").read_text(encoding="utf-8"))
        return f"This lab runs already: {holder['public']} (process {holder['pid']})."
    except (OSError, ValueError, KeyError):
        return "This lab is being started or stopped already."


def run(places: Places, addresses: Addresses, signals: Signals) -> None:
    """Start everything, wait for the end, end everything."""
    places.facts.unlink(missing_ok=True)
    records = places.run / "processes.json"
    end_leftovers(places)
    if occupied := ports.taken(addresses.all):
        raise LabError(ports.complaint(addresses.port, occupied))
    print("Preparing the lab:", flush=True)
    passwords = prepare(places, addresses, tell.say)
    print("Starting:", flush=True)
    supervisor = Supervisor(programs(places, addresses), records, tell.say)
    try:
        supervisor.start()
        if await_ready(supervisor, addresses, signals):
            tell.write_facts(places, addresses, passwords)
            tell.welcome(places, addresses, passwords)
            while not signals.stop(BEAT):
                supervisor.step()
    finally:
        print("\nStopping …", flush=True)
        places.facts.unlink(missing_ok=True)
        supervisor.stop()
    print("Stopped. Everything is kept; ./lab up starts it again.", flush=True)


def end_leftovers(places: Places) -> None:
    """End what a lab left behind that was killed before it could end its processes itself."""
    leftovers = descent.still_there(descent.read_records(places.run / "processes.json"))
    if leftovers:
        print(f"Ending {len(leftovers)} processes that an earlier lab left behind.", flush=True)
        descent.end(leftovers, GRACE, lambda: None)


def await_ready(supervisor: Supervisor, addresses: Addresses, signals: Signals) -> bool:
    """Wait until every part answers. False: a signal came first. Raises `LabError` after `LONGEST_START`."""
    waiting = dict(ready.questions(addresses))
    began = time.monotonic()
    while waiting:
        if signals.stop(0.1):
            return False
        supervisor.step()
        name, url = next(iter(waiting.items()))
        if ready.answers(url):
            del waiting[name]
            tell.say(f"{name} answers ({time.monotonic() - began:.1f} s)")
        elif time.monotonic() - began > LONGEST_START:
            raise LabError(_not_ready(supervisor, name))
    return True


def _not_ready(supervisor: Supervisor, name: str) -> str:
    logs = {program.name: program.log for program in supervisor.programs}
    log = logs.get(name, logs["hub"])
    return f"The {name} does not answer after {LONGEST_START:.0f} s. The end of {log}:\n{log_end(log)}"


class Signals:
    """Turns the signals that end the lab, and those of dying children, into something to wait for."""

    def __init__(self) -> None:
        self._told, self._ear = socket.socketpair()
        self._stop = False

    def __enter__(self) -> Self:
        self._told.setblocking(False)
        self._ear.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in (*STOPS, signal.SIGCHLD)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._told.close()
        self._ear.close()

    def stop(self, seconds: float) -> bool:
        """Wait until a signal comes, for at most `seconds`; say whether the lab is to stop."""
        if not self._stop and select.select([self._ear], [], [], seconds)[0]:
            self._ear.recv(1024)
        return self._stop

    def _note(self, number: int, _frame: object) -> None:
        self._stop = self._stop or number in STOPS
