"""Joins the recorder to a student's Jupyter server."""

from __future__ import annotations

import atexit
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.handlers import ContentsHandler

from maximalab_recorder import requestlog
from maximalab_recorder.boundary import Boundary
from maximalab_recorder.delivery import GATHER_SECONDS, Delivery
from maximalab_recorder.environment import SESSION_PATH
from maximalab_recorder.events import EventSource
from maximalab_recorder.heldcode import HeldCode
from maximalab_recorder.kernels import RecordingKernelManager
from maximalab_recorder.recorder import Recorder
from maximalab_recorder.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_server.serverapp import ServerApp
    from tornado.web import RequestHandler

STOP_SECONDS = 3.0
"""How long a stopping server delivers; well below what a spawner waits before it kills."""


@dataclass(frozen=True)
class Surroundings:
    """What the spawner told this server by its environment."""

    spool: str
    url: str
    token: str
    sender: str
    gather: float

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Surroundings:
        """Read the environment; what is missing is empty."""
        user = environment.get("JUPYTERHUB_USER", "")
        server = environment.get("JUPYTERHUB_SERVER_NAME", "")
        return cls(
            spool=environment.get("MAXIMALAB_SPOOL", ""),
            url=environment.get("MAXIMALAB_USAGE_URL", ""),
            token=environment.get("JUPYTERHUB_API_TOKEN", ""),
            sender=f"{user}/{server}",
            gather=_seconds(environment.get("MAXIMALAB_GATHER_SECONDS", "")),
        )


def _seconds(text: str) -> float:
    """Read how long events are gathered; whatever is no sensible number is the default."""
    return float(text) if re.fullmatch(r"\d{1,3}(\.\d+)?", text) else GATHER_SECONDS


def _load_jupyter_server_extension(app: ServerApp) -> None:
    requestlog.install()
    surroundings = Surroundings.read(os.environ)
    boundary = Boundary(app.log, surroundings.sender)
    if not surroundings.spool:
        app.log.warning("%s: MAXIMALAB_SPOOL is not set, so nothing is recorded", surroundings.sender)
        return
    with boundary.around("begin to record"):
        spool = Spool(Path(surroundings.spool), log=app.log)
        code = HeldCode()
        _deliver(spool, surroundings, app, code)
        source = EventSource(spool)
        atexit.register(_end, source, boundary)  # before the last delivery, which was registered earlier
        recorder = Recorder(
            source, boundary, lambda kernel_id: _notebook_of(app, kernel_id), _later(app), code
        )
        recorder.tell_of_killed_runs()
        _listen_to_kernels(app, recorder)
        _listen_to_notebooks(app, recorder)
        _listen_to_sessions(app)


def _deliver(spool: Spool, surroundings: Surroundings, app: ServerApp, code: HeldCode) -> None:
    if not (surroundings.url and surroundings.token):
        missing = "MAXIMALAB_USAGE_URL" if not surroundings.url else "JUPYTERHUB_API_TOKEN"
        app.log.warning("%s: %s is not set: usage events are kept, not sent", surroundings.sender, missing)
        return
    delivery = Delivery(
        spool,
        surroundings.url,
        surroundings.token,
        sender=surroundings.sender,
        gather=surroundings.gather,
        log=app.log,
        code=code,
    )
    delivery.start()
    atexit.register(delivery.stop, STOP_SECONDS)  # after the kernels were shut down and their last runs told


def _end(source: EventSource, boundary: Boundary) -> None:
    with boundary.around("tell of the end"):
        source.emit("recording_end")


def _listen_to_kernels(app: ServerApp, recorder: Recorder) -> None:
    if isinstance(app.kernel_manager, RecordingKernelManager):
        app.kernel_manager.recorder = recorder
    else:
        app.log.warning("runs are not recorded: set ServerApp.kernel_manager_class to RecordingKernelManager")


def _listen_to_notebooks(app: ServerApp, recorder: Recorder) -> None:
    def saved(model: Mapping[str, Any], **_: object) -> None:
        with recorder.around("tell of a saved notebook"):
            if model["type"] == "notebook":
                recorder.tell_of_notebook("notebook_save", model["path"])

    app.contents_manager.register_post_save_hook(saved)  # type: ignore[no-untyped-call]
    log_request = app.web_app.settings["log_function"]

    def finished(handler: RequestHandler) -> None:
        log_request(handler)
        with recorder.around("tell of an opened notebook"):
            opened = opened_notebook(handler)
            if opened:
                recorder.tell_of_notebook("notebook_open", opened)

    app.web_app.settings["log_function"] = finished  # Tornado calls it at the end of each request


def _listen_to_sessions(app: ServerApp) -> None:
    """Have the start of a kernel told which session it is for: the session itself is noted only afterwards."""
    environment_for = app.session_manager.get_kernel_env

    def with_path(path: str | None, name: str | None = None) -> dict[str, str]:
        return {**environment_for(path, name), SESSION_PATH: path or ""}

    app.session_manager.get_kernel_env = with_path


def opened_notebook(handler: RequestHandler) -> str | None:
    """Give the notebook that this finished request has handed to a browser, content and all; else None.

    Jupyter's own `contents_service get` event also fires for listings, for looks at a file's date and before
    each save; a notebook's content is fetched when somebody opens it.
    """
    if not isinstance(handler, ContentsHandler) or handler.request.method != "GET":
        return None
    path = str(handler.path_kwargs.get("path", ""))
    if handler.get_status() != 200 or not path.endswith(".ipynb"):  # noqa: PLR2004  (it went well)
        return None
    wanted = handler.get_query_argument("type", "notebook"), handler.get_query_argument("content", "1")
    return path.strip("/") if wanted == ("notebook", "1") else None


def _notebook_of(app: ServerApp, kernel_id: str) -> str | None:
    """Look the kernel's notebook up where Jupyter keeps its sessions, waking and culling none."""
    found = app.session_manager.connection.execute(
        "SELECT path FROM session WHERE kernel_id = ? AND type = 'notebook'", (kernel_id,)
    ).fetchone()
    return str(found[0]).strip("/") if found else None


def _later(app: ServerApp) -> Any:  # noqa: ANN401  (the loop's own `call_later`)
    return app.io_loop.call_later
