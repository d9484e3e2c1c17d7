"""How the lab's pages come into the hub: routes before JupyterHub's own, and words in every template.

JupyterHub has no hook for a language per request (jupyterhub#1604), so `template_namespace` is extended
here; see docs/decisions/0004-two-languages.md.
"""

from __future__ import annotations

from logging import WARNING
from typing import TYPE_CHECKING, Any, Final

from jupyterhub import handlers as hub_handlers
from jupyterhub.handlers.base import BaseHandler
from tornado.log import app_log

from maximalab_hub.pages import accesslog
from maximalab_hub.pages.administration import AdministrationHandler
from maximalab_hub.pages.devices import DevicesHandler, PeersHandler, RevokeDeviceHandler
from maximalab_hub.pages.frame import STATIC
from maximalab_hub.pages.handler import frame_of
from maximalab_hub.pages.my_lab import HomeHandler, MyLabHandler, SpawnHandler
from maximalab_hub.pages.opening import OpenHandler, StopHandler
from maximalab_hub.pages.parts import SETTING
from maximalab_hub.pages.publishing import (
    DescribeHandler,
    PublishHandler,
    PutBackHandler,
    UploadHandler,
    VersionsHandler,
    WaitingHandler,
    WithdrawHandler,
)
from maximalab_hub.pages.servers import ServerHandler
from maximalab_hub.pages.switch import LabStaticHandler, LanguageHandler
from maximalab_hub.pages.vpn import OutsideHandler, ServerUrlHandler, VpnHandler

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUTES: Final[list[tuple[Any, ...]]] = [
    (r"/home", HomeHandler),
    (r"/admin", AdministrationHandler),
    (r"/lab", MyLabHandler),
    (r"/open/([a-z][a-z0-9-]{0,40})", OpenHandler),
    (r"/stop/([a-z][a-z0-9-]{0,29})", StopHandler),
    (r"/spawn(?:/([^/]+))?(?:/([^/]+))?", SpawnHandler),
    (r"/vpn-needed(/.*)?", VpnHandler),
    (r"/devices", DevicesHandler),
    (r"/devices/([0-9a-f]{32})/revoke", RevokeDeviceHandler),
    (r"/vpn/peers", PeersHandler),
    (r"/publish", PublishHandler),
    (r"/publish/describe", DescribeHandler),
    (r"/publish/upload/([0-9a-f]{32})", UploadHandler),
    (r"/publish/waiting/([0-9a-f]{32})", WaitingHandler),
    (r"/publish/of/([a-z][a-z0-9-]{0,40})", VersionsHandler),
    (r"/publish/of/([a-z][a-z0-9-]{0,40})/put-back", PutBackHandler),
    (r"/publish/of/([a-z][a-z0-9-]{0,40})/withdraw", WithdrawHandler),
    (r"/language/(uk|en)", LanguageHandler),
    (r"/lab-static/(.*)", LabStaticHandler, {"path": str(STATIC)}),
    (r"/api/users/([^/]+)/server", ServerHandler),
    (r"/api/users/([^/]+)/servers/([^/]*)", ServerHandler),
    (r"/user/(?P<user_name>[^/]+)(?P<user_path>/.*)?", ServerUrlHandler),
]
"""Each path is below `/hub`. They come first: six of them stand in for pages of JupyterHub's."""

_JUPYTERHUBS_NAMESPACE: Final = BaseHandler.template_namespace.fget


def _namespace(handler: BaseHandler) -> Mapping[str, object]:
    namespace: dict[str, object] = _JUPYTERHUBS_NAMESPACE(handler)
    return namespace | frame_of(handler) if SETTING in handler.settings else namespace


def install() -> None:
    """Put the lab's routes and words into the hub of this process; a second call changes nothing."""
    known = {id(route) for route in hub_handlers.default_handlers}
    hub_handlers.default_handlers[:0] = [route for route in ROUTES if id(route) not in known]
    hub_handlers.PrefixRedirectHandler = OutsideHandler
    # JupyterHub logs the session's id with each new XSRF cookie, at the level of information.
    app_log.setLevel(WARNING)
    accesslog.install()
    BaseHandler.template_namespace = property(_namespace)
