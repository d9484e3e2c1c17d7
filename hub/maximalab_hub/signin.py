"""Signing in to the hub with a local account."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyterhub.auth import Authenticator
from tornado.web import HTTPError, RequestHandler
from traitlets import Bool, Unicode, default

from maximalab_hub.language import COOKIE, as_language, keep_choice
from maximalab_hub.people import NAME, Account, AccountError, AccountsFile, password_fits

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_MANY: Final = "Too many attempts to sign in. Wait five minutes and try again."
CLOSED: Final = "Nobody can sign in at the moment. Tell the lab's administrator."


class Throttle:
    """Counts failed attempts by name and address: after `most` within `seconds`, no further one is looked at.

    Remembers at most `keep` pairs, the newest. `clock` counts seconds and never goes back.
    """

    def __init__(
        self,
        *,
        most: int = 8,
        seconds: float = 300.0,
        keep: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._keep, self._clock = most, seconds, keep, clock
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def closed_for(self, name: str, address: str) -> bool:
        """Say whether this name has failed too often from this address."""
        return len(self._recent((name, address))) >= self._most

    def failed(self, name: str, address: str) -> None:
        """Count one failed attempt."""
        pair = (name, address)
        self._failures[pair] = [*self._recent(pair), self._clock()][-self._most :]
        self._failures.move_to_end(pair)
        while len(self._failures) > self._keep:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this pair."""
        self._failures.pop((name, address), None)

    def _recent(self, pair: tuple[str, str]) -> list[float]:
        since = self._clock() - self._seconds
        return [moment for moment in self._failures.get(pair, []) if moment > since]


class LocalAccounts(Authenticator):  # type: ignore[misc]  # JupyterHub carries no annotations
    """Sign-in with the names and passwords of the accounts file, which also says who is in which group."""

    accounts_path = Unicode(help="The accounts file (setting people.accounts).").tag(config=True)
    manage_groups = Bool(default_value=True, help="Groups come from the accounts file.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  traitlets takes anything
        super().__init__(**kwargs)
        self.throttle = Throttle()
        self._file = AccountsFile(Path(self.accounts_path))

    @default("any_allow_config")
    def _the_file_is_the_list(self) -> bool:
        return True

    def normalize_username(self, username: str) -> str:
        """Leave a name as it is: capitals and look-alikes are other names, and nobody has them."""
        return username

    def validate_username(self, username: str) -> bool:
        """Say whether this can be a person's name at all."""
        return bool(NAME.fullmatch(username))

    def check_allowed(self, username: str, authentication: dict[str, Any] | None = None) -> bool:
        """Say whether the person stands in the accounts file."""
        del authentication
        return self._find(username) is not None

    async def authenticate(self, handler: RequestHandler, data: dict[str, str]) -> dict[str, Any] | None:
        """Check name and password; give JupyterHub's model of the person, or None.

        Raises HTTP 429 after too many failures from one address, 503 where the accounts file cannot be used.
        """
        name, password = data.get("username", ""), data.get("password", "")
        address = handler.request.remote_ip or ""
        if self.throttle.closed_for(name[:64], address):
            self.log.warning("Too many failed attempts to sign in as %.32r", name)
            raise HTTPError(429, TOO_MANY)
        account = self._find(name)
        fits = await asyncio.get_running_loop().run_in_executor(None, password_fits, account, password)
        if account is None or not fits:
            self.throttle.failed(name[:64], address)
            return None
        self.throttle.succeeded(name, address)
        if account.language is not None and as_language(handler.get_cookie(COOKIE)) is None:
            keep_choice(handler, account.language)
        return _model(account)

    async def refresh_user(self, user: Any, handler: RequestHandler | None = None) -> bool | dict[str, Any]:  # noqa: ANN401
        """Take groups and rights from the file again; who is no longer there cannot sign in again.

        While the file cannot be used, what was read last stays: a slip in it must not end a lesson.
        """
        del handler
        try:
            account = self._find(user.name)
        except HTTPError:
            return True
        return False if account is None else _model(account)

    def _find(self, name: str) -> Account | None:
        try:
            return self._file.find(name) if NAME.fullmatch(name) else None
        except AccountError as error:
            self.log.error("Nobody can sign in: %s", error)  # noqa: TRY400  the text says it all
            raise HTTPError(503, CLOSED) from error


def _model(account: Account) -> dict[str, Any]:
    return {"name": account.name, "admin": account.admin, "groups": list(account.groups)}
