"""My devices: a person's devices in the VPN. At either entrance, since a newcomer is not in the VPN yet.

Everything here is a form post with its token. The private key of a new device is in one answer alone, which nobody
keeps: neither the hub, nor the browser's cache, nor a log.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import segno
from jupyterhub import orm
from maximalab_spawner.catalog import CatalogError
from maximalab_spawner.tiers import Reason, person_of
from tornado.web import HTTPError, authenticated

from maximalab_hub.pages.handler import LabHandler
from maximalab_hub.people import NAME
from maximalab_hub.store.engine import StoreAwayError
from maximalab_hub.vpn.conf import FILE_NAME, device_conf
from maximalab_hub.vpn.devices import NotEnrolledError
from maximalab_hub.vpn.entitled import may_use_vpn
from maximalab_hub.vpn.keys import new_pair, new_preshared
from maximalab_hub.vpn.peers import tell
from maximalab_hub.vpn.seen import note_that_the_gateway_asked
from maximalab_hub.vpn.words import WHY_NOT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from maximalab_spawner.tiers import Person

    from maximalab_hub.vpn.devices import Device
    from maximalab_hub.vpn.store import Devices

T = TypeVar("T")
GATEWAY: Final = "vpn-gateway"
"""The name of the service whose token is the gateway's."""


class VpnDevicesHandler(LabHandler):
    """What the handlers of devices have in common."""

    @property
    def devices(self) -> Devices:
        """The store of devices. Raises HTTP 404 where the lab has no gateway."""
        found = self.parts.devices
        if found is None:
            raise HTTPError(404, "This lab has no VPN of its own.")
        return found

    async def ask(self, what: Callable[[], T]) -> T:
        """Ask the store, off the hub's loop. Raises HTTP 503 where it does not answer."""
        try:
            return await asyncio.to_thread(what)
        except StoreAwayError as error:
            self.log.error("The store of devices does not answer: %s", error)  # noqa: TRY400  the text says it all
            raise HTTPError(503, "The store of devices does not answer. Try again in a minute.") from error

    def may(self, person: Person) -> bool:
        """Say whether the VPN is for this person. Raises `CatalogError` where nobody can say so."""
        parts = self.parts
        return may_use_vpn(
            person, parts.read_catalogue().materials, parts.decide, parts.settings.lab.scenario
        )


class DevicesHandler(VpnDevicesHandler):
    """`/hub/devices`: for whoever is signed in, about the own devices."""

    @authenticated
    async def get(self) -> None:
        """List the person's devices, and offer to enrol one to whom the VPN is for."""
        await self._list()

    @authenticated
    async def post(self) -> None:
        """Enrol a device, and show its configuration this once."""
        devices, person = self.devices, self.person
        if not self._may_enrol():
            await self.refuse(Reason.NOT_ENROLLED)
            return
        label, given = self.get_body_argument("label", ""), self.get_body_argument("public_key", "").strip()
        pair = None if given else new_pair()
        key = pair.public if pair else given
        shared = new_preshared() if devices.section.preshared else None
        try:
            made = await self.ask(lambda: devices.enrol(person.name, label, key, preshared=shared))
        except NotEnrolledError as error:
            await self._list(
                status=400, problem=WHY_NOT[error.reason], label=label[:40], public_key=given[:60]
            )
            return
        self.log.info("Device %s of %s enrolled in the VPN", made.id[:8], person.name)
        conf = device_conf(made, devices.section, pair.private if pair else None)
        await self.show("device_enrolled.html", **enrolled(made, conf, with_key=pair is not None))

    def _may_enrol(self) -> bool:
        try:
            return self.may(self.person)
        except CatalogError as error:
            self.log.error("The catalogue cannot be used: %.500s", error)  # noqa: TRY400  the text says it all
            return False

    async def _list(
        self, *, status: int = 200, problem: str = "", label: str = "", public_key: str = ""
    ) -> None:
        devices, name = self.devices, self.person.name
        own = await self.ask(lambda: devices.of(name))
        await self.show(
            "devices.html",
            status=status,
            devices=own,
            may_enrol=self._may_enrol(),
            most=devices.section.devices_per_person,
            gateway_key=devices.section.public_key,
            problem=problem,
            label=label,
            public_key=public_key,
            **self.vpn_words(),
        )


def enrolled(device: Device, conf: str, *, with_key: bool) -> dict[str, Any]:
    """Build what the page of a new device shows. A QR code is of use only where the file is complete."""
    code = segno.make(conf, error="m") if with_key else None
    return {
        "device": device,
        "conf": conf,
        "file_name": FILE_NAME,
        "file_url": f"data:text/plain;charset=utf-8,{quote(conf, safe='')}",
        "with_key": with_key,
        "qr_code": code.svg_data_uri(scale=4, dark="#000", light="#fff") if code else "",
    }


class RevokeDeviceHandler(VpnDevicesHandler):
    """`POST /hub/devices/<id>/revoke`: one of the person's own devices; of another's, nothing happens."""

    @authenticated
    async def post(self, device_id: str) -> None:
        """Revoke the device and come back to the list."""
        devices, name = self.devices, self.person.name
        for gone in await self.ask(lambda: devices.revoke(name, device_id)):
            self.log.info("Device %s of %s revoked", gone.id[:8], name)
        self.redirect(f"{self.hub.base_url}devices", status=303)


class PeersHandler(VpnDevicesHandler):
    """`GET /hub/vpn/peers`: for the gateway's token alone. Whom to let in now, without names."""

    _accept_token_auth, _accept_cookie_auth = True, False

    def _log(self) -> None:
        """Log what went wrong alone: the gateway asks every other second."""
        if self.get_status() >= 400:  # noqa: PLR2004  HTTP's own border
            super()._log()

    async def get(self) -> None:
        """Answer with the devices of those who may use the VPN at this moment."""
        asks = self.current_user
        if not isinstance(asks, orm.Service) or asks.name != GATEWAY:
            raise HTTPError(403)
        devices = await self.ask(self.devices.in_force)
        try:
            people = self._entitled({device.user for device in devices})
        except CatalogError as error:
            # Nobody can say who may: the gateway then leaves all as it is.
            self.log.error("The catalogue cannot be used: %.500s", error)  # noqa: TRY400  the text says it all
            raise HTTPError(503) from error
        self.set_header("Cache-Control", "no-store")
        note_that_the_gateway_asked(self.parts.settings)
        self.finish(tell(device for device in devices if device.user in people))

    def _entitled(self, names: Collection[str]) -> set[str]:
        """Pick those who may use the VPN now; who left, or lost the last course with private material, may not."""
        return {person.name for person in self._people(names) if self.may(person)}

    def _people(self, names: Collection[str]) -> list[Person]:
        """Read what people may do now: local accounts' from their file, others' from their last sign-in."""
        local = {name: self.authenticator.account(name) for name in names if NAME.fullmatch(name)}
        found = [
            person_of(one.name, one.groups, admin=one.admin) for one in local.values() if one is not None
        ]
        others = self.db.query(orm.User).filter(orm.User.name.in_(set(names) - set(local)))
        return found + [
            person_of(user.name, [group.name for group in user.groups], admin=bool(user.admin))
            for user in others
        ]
