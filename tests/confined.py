"""What a student's code may try inside a container: where it ends, and that a neighbour does not feel it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from labrun import until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import APIClient
    from dockerhub import TokenKernel

BOMB = r"""
pipe R, W;
while (1) {
  my $child = fork;
  if (!defined $child) { close W; select undef, undef, undef, 0.1; next }
  if (!$child) { close W; sysread R, my $word, 1; 1 while 1 }
}
"""
"""Forks until it is refused; then all of them reckon at once. In Perl, since each is small: memory is another test."""
HOG = "x = bytearray()\nwhile True: x += b'x' * 10**7"
NEVER_GIVEN = ("CapAdd", "Binds", "Devices", "VolumesFrom", "Links", "ExtraHosts", "GroupAdd", "CgroupParent")
"""What an engine can give a container, and no server's has."""
OF_THE_MACHINE = ("PidMode", "UTSMode", "UsernsMode")
"""What a server's container has of its own, and may not share with the machine."""
IN_TIME = 2.0
"""Seconds in which acceptance T7 has the neighbour answer."""


def assert_given_nothing(host: Mapping[str, Any]) -> None:
    """T6: a container has nothing that its settings do not name, and shares nothing with the machine."""
    assert [name for name in NEVER_GIVEN if host.get(name)] == []
    assert [name for name in OF_THE_MACHINE if host[name]] == []


def assert_confined(kernel: TokenKernel) -> None:
    """T9: a kernel's programs are nobody's, have nothing to write on, and it can be interrupted and started again."""
    said = kernel.run('system("id; touch /usr/mine /opt/lab/mine; ls -A /home");').text
    assert "uid=1000" in said
    assert said.count("Read-only file system") == 2
    said = kernel.run(':lisp (sb-ext:run-program "/usr/bin/id" nil :output *standard-output*)').text
    assert "uid=1000" in said
    large = kernel.run("10^(10^6);")
    assert len(large.text) < 10**6, "what nobody can read is cut"
    with ThreadPoolExecutor() as pool:
        loop = pool.submit(kernel.run, "while true do 1;")
        until(lambda: kernel.state() == "busy", "the loop runs")
        kernel.tell("interrupt")
        assert loop.result(60).status != "ok"
    assert kernel.run("6*7;").text.split()[-1] == "42"
    kernel.tell("restart")
    assert kernel.run("6*7;").text.split()[-1] == "42"


def answers_in_time(kernel: TokenKernel) -> bool:
    """Say whether a kernel answers in time; one of several times, as the machine has other work."""

    def took() -> float:
        began = time.monotonic()
        assert kernel.run("6*7;").text.split()[-1] == "42"
        return time.monotonic() - began

    return min(took() for _ in range(5)) < IN_TIME


def assert_a_neighbour_feels_nothing(client: APIClient, container: str, neighbour: TokenKernel) -> None:
    """T7: fill `container`'s disk, memory and table of processes; a neighbour's kernel answers all the while."""

    def run(*words: str) -> tuple[int, str]:
        made = client.exec_create(container, list(words))
        said = client.exec_start(made["Id"]).decode(errors="replace")
        return client.exec_inspect(made["Id"])["ExitCode"], said

    assert answers_in_time(neighbour)
    status, said = run("dd", "if=/dev/zero", "of=/tmp/full", "bs=1M")
    assert (status != 0, "No space left" in said) == (True, True), said
    assert answers_in_time(neighbour)
    run("sh", "-c", "rm /tmp/full")  # it is memory of the container's own, too
    assert run("python3", "-c", HOG)[0] == 137, "ended for want of memory"
    assert answers_in_time(neighbour)
    bound = client.inspect_container(container)["HostConfig"]["PidsLimit"]
    bomb = client.exec_create(container, ["perl", "-e", BOMB])
    client.exec_start(bomb["Id"], detach=True)
    # Threads count, too, so it is refused well before that many processes.
    until(lambda: len(client.top(container)["Processes"]) > bound // 2, "the bomb has gone off", 300)
    assert answers_in_time(neighbour)
