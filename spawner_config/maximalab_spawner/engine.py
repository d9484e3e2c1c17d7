"""One client, one thread pool and one timeout for each engine, and the only place that knows Docker's errors.

An engine that hangs holds up nobody but itself: its calls wait in threads of its own, and each has an end.
Above this module there are three errors. `EngineUnreachable` means that nobody knows: whoever asked holds on to
what was known before. `ObjectGone` means that the engine answers and the thing is not there. `EngineRefused` means
that the engine answers and does not want to.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock, local
from typing import TYPE_CHECKING, Any, TypeVar

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from docker.tls import TLSConfig
from requests.exceptions import RequestException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

#: Seconds that an engine has for an answer.
TIMEOUT = 10.0
#: Calls to one engine at a time, and as many slow ones beside them: whoever looks does not wait for what takes long.
THREADS = 8
#: An engine answers, and fails, from this HTTP status on.
IN_TROUBLE = 500
#: Letters of an engine's own words that are passed on.
LONGEST = 300
ADDRESSES = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")


class EngineError(Exception):
    """Something with an engine. The text names the backend and holds no address."""


class EngineUnreachable(EngineError):  # noqa: N818  # it reads as what it says
    """The engine does not answer, or is in trouble itself: nothing is known of what runs there."""


class ObjectGone(EngineError):  # noqa: N818
    """The engine answers, and has no such container, image, volume or network."""


class EngineRefused(EngineError):  # noqa: N818
    """The engine answers and refuses; `status` is the HTTP status, 409 where the name is taken."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Tls:
    """The files by which hub and engine know each other, PEM."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Address:
    """How an engine is reached."""

    backend: str
    url: str
    """`unix:///…` or `tcp://host:port`."""
    tls: Tls | None = None


class _Client(APIClient):  # type: ignore[misc]  # docker-py has no annotations
    """A client that goes by the backend's record alone.

    Else `requests` would put a REQUESTS_CA_BUNDLE of the hub's environment in the place of `tls_ca`
    (psf/requests#3829), and lead the way to an engine through an HTTP_PROXY.
    """

    def __init__(self, timeout: float, **given: Any) -> None:  # noqa: ANN401  # docker-py's own
        self._granted = local()
        super().__init__(timeout=timeout, **given)

    def grant(self, extra: float) -> None:
        """Let this thread's requests take so many seconds more than others."""
        self._granted.extra = extra

    def service_log(self, service: str, lines: int) -> bytes:
        """Give the last lines of each task of a service, framed. It does not wait for ever, as docker-py does."""
        asked = {"stdout": 1, "details": 1, "tail": lines}
        log: bytes = self._result(
            self._get(self._url("/services/{0}/logs", service), params=asked), binary=True
        )
        return log

    def _set_request_timeout(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Say how long to wait for a connection and for an answer; docker-py would wait alike for all."""
        longest = self.timeout + getattr(self._granted, "extra", 0.0)
        return {**kwargs, "timeout": (self.timeout, max(longest, kwargs.get("timeout") or 0.0))}

    def merge_environment_settings(
        self,
        _url: str,
        proxies: Mapping[str, str] | None,
        stream: bool | None,  # noqa: FBT001  # the signature of `requests`
        verify: bool | str | None,  # noqa: FBT001
        cert: str | tuple[str, str] | None,
    ) -> dict[str, Any]:
        """Take nothing of the environment."""
        given = {"stream": stream, "verify": verify, "cert": cert}
        own = {name: getattr(self, name) if value is None else value for name, value in given.items()}
        return {**own, "proxies": dict(proxies or {})}


class Engine:
    """One engine. Its calls run in its own threads; `call` may be used from one event loop."""

    def __init__(self, address: Address, *, timeout: float = TIMEOUT) -> None:
        self.address, self.timeout = address, timeout
        self.preparing = asyncio.Lock()
        """Held while something is made that there must be once only, and whose name the engine does not guard."""
        name = f"engine-{address.backend}"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._slow_threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"{name}-slow")
        self._made: _Client | None = None
        self._making = Lock()

    async def call(self, do: Callable[[APIClient], T], *, extra: float = 0.0) -> T:
        """Let `do` use the client in a thread, and give what it gives. Raises one of the `EngineError`s.

        `extra` seconds are granted beyond the engine's timeout, for what takes time by its nature.
        """
        threads = self._slow_threads if extra else self._threads
        turn = asyncio.get_running_loop().run_in_executor(threads, self._do, do, extra)
        try:
            # Twice: the first call of all also asks for the engine's version. Not `wait_for`: that of Python 3.11
            # loses a cancellation that meets the answer.
            async with asyncio.timeout(2 * self.timeout + extra):
                return await turn
        except TimeoutError as error:
            raise EngineUnreachable(f"{self.address.backend}: no answer in time") from error

    async def call_to_its_end(self, do: Callable[[APIClient], T], *, extra: float = 0.0) -> T:
        """Do as `call`, for what cannot be called back: who is cancelled meanwhile waits until it has ended.

        Raises `EngineUnreachable` also to who was cancelled: it may have been done all the same.
        """
        turn = asyncio.ensure_future(self.call(do, extra=extra))
        cancelled: asyncio.CancelledError | None = None
        while not turn.done():
            try:
                await asyncio.wait([turn])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None and not isinstance(turn.exception(), EngineUnreachable):
            raise cancelled
        return turn.result()

    async def network(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Look at a network, made by these words of the engine's API where it is missing. Raises an `EngineError`."""
        name = str(wanted["name"])
        try:
            return await self._network(name)
        except ObjectGone:
            refused = await self._make_network(wanted)
        try:
            return await self._network(name)
        except ObjectGone as gone:
            # Not that another hub was as fast: the engine does not want it, as where its subnet is another's.
            raise refused or gone from None

    async def _network(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.call(lambda client: client.inspect_network(name))
        return found

    async def _make_network(self, wanted: Mapping[str, Any]) -> EngineRefused | None:
        """Make a network; give why not where the engine refuses, which it also does where the name is taken."""
        try:
            await self.call(lambda client: client.create_network(**wanted))
        except EngineRefused as refused:
            return refused
        return None

    async def answers(self) -> bool:
        """Say whether the engine is well."""
        try:
            await self.call(lambda client: client.ping())
        except EngineError:
            return False
        return True

    def close(self) -> None:
        """Take no more calls. Those that wait are given up; those that run end with their timeout."""
        for threads in (self._threads, self._slow_threads):
            threads.shutdown(wait=False, cancel_futures=True)
        if self._made is not None:
            self._made.close()

    def _do(self, do: Callable[[APIClient], T], extra: float) -> T:
        name = self.address.backend
        try:
            client = self._client()
            client.grant(extra)
            return do(client)
        except NotFound as error:
            raise ObjectGone(f"{name}: {_words(error)}") from error
        except APIError as error:
            status = int(error.status_code or IN_TROUBLE)
            if status >= IN_TROUBLE:
                raise EngineUnreachable(f"{name}: {_words(error)}") from error
            raise EngineRefused(f"{name}: {_words(error)}", status) from error
        except (DockerException, RequestException, OSError) as error:
            # No words: they hold the engine's address.
            raise EngineUnreachable(f"{name}: {type(error).__name__}") from error

    def _client(self) -> _Client:
        with self._making:
            if self._made is None:
                self._made = _Client(
                    base_url=self.address.url,
                    tls=_tls(self.address.tls),
                    timeout=self.timeout,
                    version="auto",
                    max_pool_size=2 * THREADS,
                )
            return self._made


def _tls(files: Tls | None) -> TLSConfig | bool:
    if files is None:
        return False
    return TLSConfig(client_cert=(str(files.cert), str(files.key)), ca_cert=str(files.ca), verify=True)


def _words(error: APIError) -> str:
    """Give what the engine says, short and without addresses."""
    return ADDRESSES.sub("(address)", str(error.explanation or error.__class__.__name__))[:LONGEST]


class Engines:
    """The engines in use, one for each backend. A record that changes gets an engine anew."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._engines: dict[str, Engine] = {}

    def of(self, address: Address) -> Engine:
        """Give the engine at this address."""
        engine = self._engines.get(address.backend)
        if engine is None or engine.address != address:
            if engine is not None:
                engine.close()
            engine = self._engines[address.backend] = Engine(address, timeout=self._timeout)
        return engine

    def close(self) -> None:
        """Let all engines go."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
