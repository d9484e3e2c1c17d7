"""A real kernel around a real Maxima, one for each test module."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from jupyter_client import KernelManager
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from maximalab_kernel.finder import VARIABLE, NoMaximaError
from maximalab_kernel.install import kernelspec
from maximalab_kernel.preparation import prepare
from maximas import TEST_MAXIMA, find_chosen, lisp_of, path_of

# GCL compiles a package with gcc at its first `load`; graded or closed, in each kernel anew.
PATIENCE = 200.0 if os.environ.get(TEST_MAXIMA) == "gcl" else 40.0


@dataclass
class Answer:
    """What a cell brought: the reply and everything published for it."""

    reply: dict[str, Any]
    outputs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def of(self, kind):
        return [content for name, content in self.outputs if name == kind]

    @property
    def results(self):
        return [content["data"]["text/plain"].partition(") ")[2] for content in self.of("execute_result")]

    @property
    def printed(self):
        return "".join(content["text"] for content in self.of("stream") if content["name"] == "stdout")

    @property
    def pictures(self):
        shown = [content["data"] for content in self.of("display_data")]
        return [data["image/svg+xml"] for data in shown if "image/svg+xml" in data]

    @property
    def hints(self):
        """The hints beside results, and the one at the end of an error's traceback."""
        shown = [
            content
            for content in self.of("display_data")
            if content["metadata"].get("maximalab", {}).get("hint")
        ]
        last = self.reply.get("traceback", [""])[-1:]
        return [content["data"]["text/plain"] for content in shown] + [
            line for line in last if line.startswith(("Hint: ", "Підказка: "))
        ]

    @property
    def error(self):
        return self.reply.get("ename")


def is_taken(port):
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


class Lab:
    """A kernel and its client."""

    def __init__(self, folder, **environment):
        self.closed = False
        spec = kernelspec(None)
        self.manager = KernelManager(kernel_name="maxima")
        self.manager._kernel_spec = KernelSpec(
            **{key: value for key, value in spec.items() if key != "metadata"}
        )
        self.manager.kernel_spec.argv[0] = sys.executable
        self.manager.connection_file = str(folder / "connection.json")
        told = {"MAXIMALAB_LANG": "en", "TMPDIR": str(folder), "MAXIMALAB_OUTPUTS": str(folder / "outputs")}
        while not self._started({**os.environ, **told, **environment}):
            self.client.stop_channels()
            self.manager.cleanup_connection_file()
            self.manager.cleanup_random_ports()

    def _started(self, environment):
        """Start the kernel; false where somebody else took one of its ports between their choice and its start."""
        self.manager.start_kernel(env=environment)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=PATIENCE)
        except RuntimeError:
            if not any(is_taken(port) for port in self.manager.ports):
                raise
            return False
        return True

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    def collect(self, message_id, outputs=None):
        """Everything published for a request, up to idle, and its reply."""
        outputs = [] if outputs is None else outputs
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            outputs.append((kind, content))
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message_id:
                return Answer(reply["content"], outputs)

    def start(self, code):
        """Send a cell and wait until it runs: an interrupt has a way of its own, and could be there sooner."""
        message_id = self.client.execute(code, allow_stdin=False)
        outputs = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == message_id:
                outputs.append((message["msg_type"], message["content"]))
                if message["msg_type"] == "execute_input":
                    return message_id, outputs

    def run(self, code, **options):
        options.setdefault("allow_stdin", False)
        return self.collect(self.client.execute(code, **options))

    def interrupt(self):
        """Interrupt, and wait until the kernel has heard it: later, it would be the next cell's."""
        sent = self.client.session.msg("interrupt_request")
        self.client.control_channel.send(sent)
        while self.client.get_control_msg(timeout=PATIENCE)["parent_header"].get("msg_id") != sent["msg_id"]:
            pass

    def close(self):
        if self.closed:
            return
        self.closed = True
        self.client.stop_channels()
        self.manager.shutdown_kernel()


@pytest.fixture(scope="module", autouse=True)
def beside_no_file_of_ours(tmp_path_factory):
    """Cells may write files where the kernel stands, and that is not to be the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        yield


@pytest.fixture(scope="session")
def maxima_ready():
    """The Maxima of this machine (see `maximas.TEST_MAXIMA`), made ready; without one the tests are skipped by name."""
    try:
        installation = find_chosen()
    except NoMaximaError as error:
        pytest.skip(f"needs a Maxima: {error}")
    if installation.wheel:
        prepare(installation.wheel)
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get(TEST_MAXIMA):
            patch.setenv(VARIABLE, path_of(installation))
        yield installation


@pytest.fixture(scope="session")
def lisp(maxima_ready):
    """The Lisp of that Maxima, for what differs: `ecl`, `sbcl` or `gcl`."""
    return lisp_of(maxima_ready)


@pytest.fixture(scope="module")
def start_lab(maxima_ready, tmp_path_factory):
    """Starts a kernel for the tests of a module, with further environment variables."""
    running = []

    def start(**environment):
        running.append(Lab(tmp_path_factory.mktemp("lab"), **environment))
        return running[-1]

    yield start
    for lab in running:
        lab.close()


@pytest.fixture(scope="module")
def lab(maxima_ready, tmp_path_factory):
    """One kernel for the tests of a module."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture
def make_lab(maxima_ready, tmp_path):
    """Starts a kernel of the test's own, with further environment variables."""
    running = []

    def make(**environment):
        running.append(Lab(tmp_path, **environment))
        return running[-1]

    yield make
    for lab in running:
        lab.close()


@pytest.fixture
def fresh_lab(make_lab):
    """A kernel of the test's own."""
    return make_lab()
