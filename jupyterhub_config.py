"""The hub's configuration: wiring only. Everything that differs between labs stands in the settings file."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from maximalab_hub.oidc.provider import service_of
from maximalab_hub.pages.devices import GATEWAY
from maximalab_hub.pages.frame import CONTENT_SECURITY_POLICY, JINJA_OPTIONS, TEMPLATES
from maximalab_hub.pages.install import install
from maximalab_hub.pages.parts import SETTING, LabParts
from maximalab_hub.secret_files import Secret, SecretError, read_secret
from maximalab_hub.settings import SettingsError, load_settings
from maximalab_hub.signin import LabSignIn
from maximalab_hub.store.engine import StoreUrlError
from maximalab_hub.vpn.store import open_devices
from maximalab_hub.witness import login_hook, open_witness
from maximalab_spawner.backends import BackendsError
from maximalab_spawner.catalog import CatalogReader
from maximalab_spawner.core import client_options
from maximalab_spawner.history import History
from maximalab_spawner.kinds import desks_for, spawner_for
from maximalab_spawner.policy import decide, parse_server_name, server_name
from maximalab_spawner.proxy import TieredProxy
from maximalab_spawner.publisher import Publisher
from maximalab_spawner.refusals import REFUSALS
from maximalab_spawner.tiers import Entrance

if TYPE_CHECKING:
    c: Any

PROXY_TOKENS = {Entrance.PUBLIC: Secret.PROXY_TOKEN_PUBLIC, Entrance.VPN: Secret.PROXY_TOKEN_VPN}

try:
    settings = load_settings()
    secret = partial(read_secret, settings.secrets.dir)
    keys = {name: secret(name) for name in (Secret.USAGE_TOKEN, Secret.WITNESS_TOKEN)}
    proxy_keys = {entrance: secret(PROXY_TOKENS[entrance]) for entrance in settings.entrances}
    provider = service_of(settings)
    devices = open_devices(settings, lambda: datetime.now(UTC))
    gateway_key = secret(Secret.VPN_GATEWAY_TOKEN) if devices else ""
    emit = open_witness(settings)
    spawner_class = spawner_for(settings.backends.file)
    desks = desks_for(settings.backends.file, settings.catalogue.stores, settings.lab.id)
except (SettingsError, SecretError, StoreUrlError, BackendsError, OSError) as error:
    sys.exit(f"The hub does not start:\n{error}")

install()
lab, hub, usage = settings.lab, settings.hub, settings.usage

# The hub itself
c.JupyterHub.hub_bind_url = f"http://{hub.ip}:{hub.port}"
c.JupyterHub.hub_connect_url = hub.connect_url
c.JupyterHub.bind_url = next(iter(settings.entrances.values())).url
c.JupyterHub.db_url = hub.db_url
c.JupyterHub.cookie_secret_file = str(settings.secrets.dir / Secret.COOKIE_SECRET)
c.JupyterHub.default_url = "/hub/lab"
c.JupyterHub.allow_named_servers = True
c.JupyterHub.cleanup_servers = False  # a hub that stops or dies takes no student's server with it
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHubHTTPClient.session_options = client_options()  # or a server that never answers holds a start up
c.JupyterHub.token_expires_in_max_seconds = 365 * 86400

# Pages
c.JupyterHub.template_paths = [str(TEMPLATES)]
c.JupyterHub.jinja_environment_options = {k: v for k, v in JINJA_OPTIONS.items() if k != "autoescape"}
c.JupyterHub.tornado_settings = {
    SETTING: LabParts(
        settings=settings,
        read_catalogue=CatalogReader(settings.catalogue.dir).read,
        decide=decide,
        server_name=server_name,
        parse_server_name=parse_server_name,
        emit=emit,
        refusals=REFUSALS,
        devices=devices,
        publisher=Publisher(
            catalogue=settings.catalogue.dir,
            read_catalogue=CatalogReader(settings.catalogue.dir).read,
            desks=desks,
            history=History(settings.published_dir, lambda: datetime.now(UTC)),
            scenario=settings.lab.scenario,
            clock=time.monotonic,
        ),
    ),
    "headers": {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    },
    "cookie_options": {"samesite": "Lax"},
}

# People
c.JupyterHub.authenticator_class = LabSignIn
c.LabSignIn.accounts_path = str(settings.people.accounts)
c.LabSignIn.service = provider
c.LabSignIn.auth_refresh_age = 60
c.LabSignIn.refresh_pre_spawn = True
c.LabSignIn.post_auth_hook = login_hook(emit)

# Entrances
c.JupyterHub.proxy_class = TieredProxy
c.TieredProxy.scenario = lab.scenario.value
c.TieredProxy.entrances = [entrance.value for entrance in settings.entrances]
if Entrance.PUBLIC in settings.entrances:
    c.PublicLeg.api_url = settings.entrances[Entrance.PUBLIC].api_url
    c.PublicLeg.auth_token = proxy_keys[Entrance.PUBLIC]
if Entrance.VPN in settings.entrances:
    c.VpnLeg.api_url = settings.entrances[Entrance.VPN].api_url
    c.VpnLeg.auth_token = proxy_keys[Entrance.VPN]

# Students' servers
USE_OF_THE_SERVICE = "access:services!service=usage"
c.JupyterHub.spawner_class = spawner_class
c.TieredServer.catalog_dir = str(settings.catalogue.dir)
c.TieredServer.backends_file = str(settings.backends.file)
c.TieredServer.scenario = lab.scenario.value
c.TieredServer.default_language = lab.default_language
c.TieredLocalSpawner.spool_dir = str(lab.state_dir / "spool")
c.TieredServer.usage_url = usage.events_url
c.TieredServer.usage_sink = emit
c.ServerAtEngine.lab_name = lab.id
c.TieredServer.placed_dir = str(lab.state_dir / "placed")
c.Spawner.poll_interval = 5  # seconds until a server that died is told as dead
c.Spawner.consecutive_failure_limit = 0  # one broken backend must not end the hub
c.Spawner.apply_user_options = lambda _spawner, _options: None  # the spawner reads the one option itself
c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", USE_OF_THE_SERVICE]

# Services: what they need to know of people comes with each person's own token
c.JupyterHub.services = [
    {
        "name": "usage",
        "url": usage.url,
        "api_token": keys[Secret.USAGE_TOKEN],
        "oauth_no_confirm": True,
        "display": False,
    },
    {"name": "witness", "api_token": keys[Secret.WITNESS_TOKEN]},
]
if devices:
    c.JupyterHub.services.append({"name": GATEWAY, "api_token": gateway_key})  # no scope at all
c.JupyterHub.load_roles = [
    {"name": "user", "description": "Everybody who signs in", "scopes": ["self", USE_OF_THE_SERVICE]}
]
