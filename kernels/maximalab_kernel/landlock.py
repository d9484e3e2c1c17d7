"""Landlock (Linux 5.13 and later): a process bars itself, and all that it starts, from files. As system calls."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from enum import IntFlag
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The calls' numbers, which are the same on every architecture that Python runs on."""
ASK_VERSION = 1
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38


class Access(IntFlag):
    """What can be done to files, as linux/landlock.h numbers it."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.READ_FILE | Access.READ_DIR
RUN = READ | Access.EXECUTE
WRITE = (
    READ | Access.WRITE_FILE | Access.TRUNCATE | Access.REFER
    | Access.MAKE_REG | Access.MAKE_DIR | Access.REMOVE_FILE | Access.REMOVE_DIR
)  # fmt: skip
"""No links: what lies where this is granted lies nowhere else."""
OF_FILES = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
"""What can be granted for a single file."""

TCP = 0b11
"""Listening and connecting, since version 4."""
SCOPES = 0b11
"""Signals to other processes, and sockets without a file, since version 6."""


def handled(version: int) -> tuple[Access, int, int]:
    """What this version can forbid: to files, in the network, to processes outside."""
    newest = {1: Access.MAKE_SYM, 2: Access.REFER, 3: Access.TRUNCATE, 4: Access.TRUNCATE}
    last = newest.get(version, Access.IOCTL_DEV)
    files = Access((last << 1) - 1)
    return files, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0  # noqa: PLR2004  as linux/landlock.h says


def _call(number: int, *arguments: object) -> int:
    """A system call; raises `OSError`."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    answer = int(library.syscall(ctypes.c_long(number), *words))
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return answer


@cache
def version() -> int:
    """Which version this system has; 0 where it has none, or a container's filter of calls keeps it away."""
    if sys.platform != "linux":
        return 0
    try:
        return _call(CREATE_RULESET, None, 0, ASK_VERSION)
    except (OSError, AttributeError):  # no such call; a C library without `syscall`
        return 0


class Ruleset:
    """What is forbidden but for what is granted. A descriptor of this process until `close`."""

    def __init__(self) -> None:
        """Forbids all that this system can; raises `OSError`."""
        self._files, *others = handled(version())
        content = struct.pack("=QQQ", self._files, *others)
        size = {True: 8, version() >= 4: 16, version() >= 6: 24}[True]  # noqa: PLR2004
        self._descriptor = _call(CREATE_RULESET, content, size, 0)

    def grant(self, access: Access, paths: Iterable[str]) -> None:
        """Allow that for these files, and for all that lies in these folders; what is not there needs nothing."""
        for path in paths:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                self._add(access, place)
            finally:
                os.close(place)

    def _add(self, access: Access, place: int) -> None:
        granted = access & self._files
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            granted &= OF_FILES
        if granted:
            _call(ADD_RULE, self._descriptor, PATH_BENEATH, struct.pack("=Qi", granted, place), 0)

    def enter(self) -> None:
        """From now on it holds for this process, for good; raises `OSError`."""
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _call(RESTRICT_SELF, self._descriptor, 0)

    def close(self) -> None:
        """Who has entered it stays in it."""
        os.close(self._descriptor)
