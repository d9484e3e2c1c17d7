"""Signing in to the hub: with a local account, or by a sign-in provider where the settings name one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyterhub.auth import Authenticator
from tornado.web import HTTPError
from traitlets import Any as Anything
from traitlets import Bool, Unicode, default

from maximalab_hub.language import COOKIE, as_language, keep_choice
from maximalab_hub.oidc.claims import NAME as PROVIDERS_NAME
from maximalab_hub.oidc.provider import OpenIDConnect, Service
from maximalab_hub.pages.provider import ComeBackHandler, provider_routes
from maximalab_hub.pages.sign_in import BUSY, TOO_MANY, NotNowError, SignInHandler
from maximalab_hub.people import NAME, Account, AccountError, AccountsFile, password_fits
from maximalab_hub.throttle import Throttle, address_of

if TYPE_CHECKING:
    from tornado.web import RequestHandler

CLOSED: Final = "Nobody can sign in at the moment. Tell the lab's administrator."
HASHES_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core for some hundredths of a second."""
MOST_WAITING: Final = 300
"""Attempts that may wait for their hash: a full lecture hall, which takes some ten seconds."""
BUSY_SECONDS: Final = 10.0


class LocalAccounts(Authenticator):  # type: ignore[misc]  # JupyterHub carries no annotations
    """Sign-in with the names and passwords of the accounts file, which also says who is in which group."""

    accounts_path = Unicode(help="The accounts file (setting people.accounts).").tag(config=True)
    provider: OpenIDConnect | None = None
    """The other way to sign in; not every lab has it."""
    manage_groups = Bool(default_value=True, help="Groups come from the accounts file.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  traitlets takes anything
        super().__init__(**kwargs)
        self.throttle = Throttle()
        self._turns, self._waiting = asyncio.Semaphore(HASHES_AT_ONCE), 0
        self._file = AccountsFile(Path(self.accounts_path))

    def get_handlers(self, app: object) -> list[tuple[str, type[RequestHandler]]]:
        """Give the sign-in page, which knows what it means to wait."""
        del app
        return [("/login", SignInHandler)]

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

        Raises `NotNowError` after too many attempts, and HTTP 503 where the accounts file cannot be used.
        """
        name, password = data.get("username", ""), data.get("password", "")
        who = (name[:64], address_of(handler.request.headers))
        account = self._find(name)
        self._count(*who)
        if not await self._fits(account, password) or account is None:
            return None
        self.throttle.take_back(*who)
        if account.language is not None and as_language(handler.get_cookie(COOKIE)) is None:
            keep_choice(handler, account.language)
        return _model(account)

    def _count(self, name: str, address: str) -> None:
        """Count the attempt before any work is spent on it. Raises `NotNowError`."""
        if self._waiting >= MOST_WAITING:
            self.log.warning("More than %i attempts to sign in wait at once", MOST_WAITING)
            raise NotNowError(BUSY, BUSY_SECONDS)
        wait = self.throttle.begin(name, address)
        if wait > 0:
            self.log.warning("Too many attempts to sign in as %.32r: the next in %.0f s", name, wait)
            raise NotNowError(TOO_MANY, wait)

    async def _fits(self, account: Account | None, password: str) -> bool:
        """Hash off the hub's loop, few at a time."""
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(password_fits, account, password)
        finally:
            self._waiting -= 1

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

    def account(self, name: str) -> Account | None:
        """Find a local account as it stands in the file now. Raises HTTP 503 where the file cannot be used."""
        return self._find(name)

    def _find(self, name: str) -> Account | None:
        try:
            return self._file.find(name) if NAME.fullmatch(name) else None
        except AccountError as error:
            self.log.error("Nobody can sign in: %s", error)  # noqa: TRY400  the text says it all
            raise HTTPError(503, CLOSED) from error


def _model(account: Account) -> dict[str, Any]:
    return {"name": account.name, "admin": account.admin, "groups": list(account.groups)}


class LabSignIn(LocalAccounts):
    """Sign-in with local accounts, and beside them by the provider of the settings' `[oidc]`.

    Names of the one kind are never names of the other, so nobody can sign in as somebody of the other kind.
    """

    service = Anything(help="The provider (section oidc of the settings); None where there is none.").tag(
        config=True
    )

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  traitlets takes anything
        super().__init__(**kwargs)
        self.provider = OpenIDConnect(self.service) if isinstance(self.service, Service) else None

    def get_handlers(self, app: object) -> list[tuple[str, type[RequestHandler]]]:
        """Give the sign-in page and, where there is a provider, the way to it and back."""
        return super().get_handlers(app) + (provider_routes() if self.provider else [])

    def validate_username(self, username: str) -> bool:
        """Say whether this can be a person's name at all."""
        return super().validate_username(username) or bool(PROVIDERS_NAME.fullmatch(username))

    def check_allowed(self, username: str, authentication: dict[str, Any] | None = None) -> bool:
        """Say whether the person stands in the accounts file, or has just come from the provider."""
        if not PROVIDERS_NAME.fullmatch(username):
            return super().check_allowed(username, authentication)
        return self.provider is not None and bool((authentication or {}).get("user_info"))

    async def authenticate(self, handler: RequestHandler, data: dict[str, str]) -> dict[str, Any] | None:
        """Check who it is. Raises what `LocalAccounts` raises, and `TurnedAwayError` on the way from the provider."""
        if self.provider is None or "nonce" not in data or not isinstance(handler, ComeBackHandler):
            return await super().authenticate(handler, data)
        person = await self.provider.person(handler, data["nonce"])
        return {
            "name": person.name,
            "admin": person.admin,
            "groups": list(person.groups),
            "user_info": {"name": person.shown, "signed_in_at": int(time.time())},
        }

    async def refresh_user(self, user: Any, handler: RequestHandler | None = None) -> bool | dict[str, Any]:  # noqa: ANN401
        """Take rights from the accounts file again; who came by the provider has to go there again after some hours."""
        if not PROVIDERS_NAME.fullmatch(user.name):
            return await super().refresh_user(user, handler)
        at = (user.orm_user.user_info or {}).get("signed_in_at")
        if self.provider is None or not isinstance(at, int):
            return False
        return time.time() - at < self.provider.section.sign_in_again_hours * 3600
