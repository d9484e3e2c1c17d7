"""Publish material: for teachers, at the entrance where their material may come in.

The description of a material comes first. What it says decides whether the rest may come at all; so nothing of a
private notebook is ever on its way where it must not be. The rest is passed on block by block, to the material's tier:
it is in no form, in no file and in no log of the hub.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from maximalab_spawner.catalog import CatalogError
from maximalab_spawner.publisher import DeskAwayError, NotPublishedError, changes
from maximalab_spawner.refusals import NO_DESK, NOT_TEACHING, PUBLISH_AT_VPN
from maximalab_spawner.tiers import Entrance
from tornado.web import HTTPError, authenticated, stream_request_body

from maximalab_hub.pages.handler import LabHandler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from maximalab_spawner.catalog import Material
    from maximalab_spawner.publisher import Kept, Publisher

LARGEST_DESCRIPTION: Final = 256 * 1024
"""Bytes; more is not read."""
STOPPED = (CatalogError, DeskAwayError, NotPublishedError)


class PublishingHandler(LabHandler):
    """What the pages of publishing have in common: who may come, and how a refusal is told."""

    @property
    def publisher(self) -> Publisher:
        """What takes material in. Raises HTTP 404 where the lab has none."""
        if self.parts.publisher is None:
            raise HTTPError(404, "This lab publishes by commands only.")
        return self.parts.publisher

    @property
    def door(self) -> Entrance:
        """The entrance that counts: a program with a token may have reached the hub past every entrance."""
        return Entrance.PUBLIC if getattr(self, "_token_authenticated", False) else self.entrance

    async def prepare(self) -> None:
        """Let teachers and admins in, and nobody else, before anything is read."""
        await super().prepare()
        if self._finished or self.current_user is None:
            return
        if not self.person.publishes:
            await self.turn_away(NOT_TEACHING)
            return
        await self.publisher.free_what_waits_too_long()

    async def turn_away(self, reason: str) -> None:
        """Answer with the page of a refusal."""
        refusal = self.parts.refusals[reason]
        words: dict[str, Any] = self.vpn_words() if reason == PUBLISH_AT_VPN else {}
        if words and words["vpn_lab_url"]:
            words["vpn_lab_url"] = words["vpn_lab_url"].removesuffix("lab") + "publish"
        await self.show("refused.html", status=refusal.status, refusal=refusal, **words)

    def lines_of(self, error: CatalogError) -> list[dict[str, str]]:
        """Say each fault in the reader's language; what only those who run the lab can mend goes to their log."""
        if not error.faults:
            self.log.error("The catalogue cannot be used: %.500s", error)
            return []
        return [
            {"file": one.file, "field": one.field, "remedy": one.remedy(self.language)}
            for one in error.faults
        ]

    async def done_or_told(self, deed: Callable[[], Awaitable[object]]) -> bool:
        """Do something; where it cannot be done, answer with a page that says why, and give False."""
        try:
            await deed()
        except NotPublishedError as error:
            await self.turn_away(error.reason)
        except DeskAwayError as error:
            self.log.error("No material is taken in: %s", error)  # noqa: TRY400  the text says it all
            await self.turn_away(NO_DESK)
        except CatalogError as error:
            faults = self.lines_of(error)
            await self.list_materials(faults=faults, status=HTTPStatus.CONFLICT)
        else:
            return True
        return False

    async def list_materials(
        self, *, faults: Sequence[dict[str, str]] = (), status: int = HTTPStatus.OK
    ) -> None:
        """Show the page of publishing, with what the person publishes."""
        person = self.person
        try:
            catalog, withdrawn = self.parts.read_catalogue(), self.publisher.withdrawn()
        except CatalogError as error:
            self.log.error("The catalogue cannot be used: %.500s", error)  # noqa: TRY400  the text says it all
            await self.refuse("catalogue_unreadable")
            return

        def own(all_: Sequence[Material]) -> list[Material]:
            return [one for one in all_ if person.admin or not person.teaches.isdisjoint(one.courses)]

        await self.show(
            "publish.html",
            status=status,
            faults=faults,
            materials=own(catalog.materials),
            withdrawn=own(withdrawn),
            courses=[one for one in catalog.courses if person.admin or one.id in person.teaches],
            scenario=self.parts.settings.lab.scenario.value,
        )


class PublishHandler(PublishingHandler):
    """`GET /hub/publish`: for teachers and admins."""

    @authenticated
    async def get(self) -> None:
        """Show where to drop material, and what there is."""
        await self.list_materials()


class ScriptHandler(PublishingHandler):
    """What the page's script asks: answers are JSON, in the reader's language."""

    async def turn_away(self, reason: str) -> None:
        """Answer with the words of a refusal."""
        refusal, language = self.parts.refusals[reason], self.language
        words = {key: getattr(refusal, key).of(language) for key in ("title", "why", "remedy")}
        if reason == PUBLISH_AT_VPN and (url := self.vpn_words()["vpn_lab_url"]):
            words["url"] = url.removesuffix("lab") + "publish"
        self.tell(refusal.status, refused=words)

    async def prepare(self) -> None:
        """Let nobody in who is not signed in; a script does not follow to the sign-in page."""
        await super().prepare()
        if not self._finished and self.current_user is None:
            raise HTTPError(HTTPStatus.FORBIDDEN)

    def tell(self, status: int, **answer: object) -> None:
        """Answer."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(answer)

    async def faulty(self, error: CatalogError) -> None:
        """Answer with what is wrong with the material."""
        if faults := self.lines_of(error):
            self.tell(HTTPStatus.UNPROCESSABLE_ENTITY, faults=faults)
        else:
            await self.turn_away("catalogue_unreadable")


class DescribeHandler(ScriptHandler):
    """`POST /hub/publish/describe?length=<bytes of the zip>`: the body is the `material.toml`, which is public."""

    async def prepare(self) -> None:
        """Read no more than a description can be."""
        if int(self.request.headers.get("Content-Length") or 0) > LARGEST_DESCRIPTION:
            raise HTTPError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await super().prepare()

    async def post(self) -> None:
        """Say where the rest may come, or why it may not."""
        try:
            length = int(self.get_query_argument("length", "0")[:12])
            token = self.publisher.describe(self.request.body, length, self.person, self.door)
        except ValueError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST) from error
        except NotPublishedError as error:
            await self.turn_away(error.reason)
        except CatalogError as error:
            await self.faulty(error)
        else:
            self.tell(HTTPStatus.OK, upload=f"{self.hub.base_url}publish/upload/{token}")


@stream_request_body
class UploadHandler(ScriptHandler):
    """`POST /hub/publish/upload/<token>`: the body is the zip; it is passed on as it comes, and never held."""

    kept: Kept | None = None
    taking_in: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Decide before the first byte of the body is read; who is refused is cut off."""
        await super().prepare()
        if self._finished:
            return
        length = self.request.headers.get("Content-Length", "")
        try:
            self.kept = self.publisher.begin(
                self.path_args[0], int(length) if length.isdigit() else None, self.person, self.door
            )
        except NotPublishedError as error:
            await self.turn_away(error.reason)
            return
        self.taking_in = asyncio.create_task(self.publisher.take_in(self.kept))

    async def data_received(self, chunk: bytes) -> None:
        """Pass a block on; whoever sends waits until the tier has taken it."""
        if self.kept is not None and self.kept.body is not None:
            await self.kept.body.put(chunk)

    def on_connection_close(self) -> None:
        """Tell the tier that no more will come."""
        super().on_connection_close()
        if self.kept is not None and self.kept.body is not None:
            self.kept.body.break_off()

    async def post(self, token: str) -> None:
        """Say where to look at what came, or what is wrong with it."""
        if self.kept is None or self.kept.body is None or self.taking_in is None:
            raise HTTPError(HTTPStatus.BAD_REQUEST)
        await self.kept.body.end()
        try:
            await self.taking_in
        except CatalogError as error:
            await self.faulty(error)
        except DeskAwayError as error:
            self.log.error("No material is taken in: %s", error)  # noqa: TRY400  the text says it all
            await self.turn_away(NO_DESK)
        else:
            self.tell(HTTPStatus.OK, go=f"{self.hub.base_url}publish/waiting/{token}")


class WaitingHandler(PublishingHandler):
    """`/hub/publish/waiting/<token>`: what came, for its author alone, at the entrance where it came in."""

    @authenticated
    async def get(self, token: str) -> None:
        """Show what is to be published, and how it differs from what is in force."""
        try:
            kept = self.publisher.kept(token, self.person, self.door)
        except NotPublishedError as error:
            await self.turn_away(error.reason)
            return
        if kept.seen is None:
            raise HTTPError(404)
        courses = {one.id: one.title.of(self.language) for one in self.parts.read_catalogue().courses}
        await self.show(
            "publish_waiting.html",
            token=token,
            material=kept.material,
            before=kept.before,
            changes=changes(kept.seen),
            courses=[courses.get(one, one) for one in kept.material.courses],
        )

    @authenticated
    async def post(self, token: str) -> None:
        """Publish it, or discard it."""
        publisher, person = self.publisher, self.person
        try:
            kept = publisher.kept(token, person, self.door)
        except NotPublishedError as error:
            await self.turn_away(error.reason)
            return
        if self.get_body_argument("do", "") != "publish":
            await publisher.discard(kept)
            self.redirect(f"{self.hub.base_url}publish", status=303)
        elif await self.done_or_told(lambda: publisher.publish(kept, person, self.door)):
            material = kept.material
            self.log.info("%s published %s %s", person.name, material.id, material.version)
            self.redirect(f"{self.hub.base_url}publish/of/{material.id}", status=303)


class OfHandler(PublishingHandler):
    """A material that there is, for those who publish it."""

    async def own(self, material_id: str) -> Material | None:
        """Find it; where it is not the person's to publish, answer with the refusal and give None."""
        person = self.person
        try:
            last = self.publisher.last(material_id)
        except CatalogError as error:
            await self.list_materials(faults=self.lines_of(error), status=HTTPStatus.CONFLICT)
            return None
        if last is None:
            await self.refuse("unknown_material")
        elif not person.admin and person.teaches.isdisjoint(last.courses):
            await self.turn_away(NOT_TEACHING)
        else:
            return last
        return None


class VersionsHandler(OfHandler):
    """`GET /hub/publish/of/<material>`: its versions, by whom and when."""

    @authenticated
    async def get(self, material_id: str) -> None:
        """List the versions, the newest first."""
        material = await self.own(material_id)
        if material is not None:
            versions = self.publisher.versions(material_id)
            await self.show(
                "publish_versions.html",
                material=material,
                versions=versions,
                in_force=any(one.in_force for one in versions),
                zone=ZoneInfo(self.parts.settings.lab.time_zone),
            )


class PutBackHandler(OfHandler):
    """`POST /hub/publish/of/<material>/put-back`: an earlier version's files, as the next version."""

    @authenticated
    async def post(self, material_id: str) -> None:
        """Put the version back into force."""
        if await self.own(material_id) is None:
            return
        given = self.get_body_argument("version", "")
        if not given.isascii() or not given.isdigit():
            raise HTTPError(HTTPStatus.BAD_REQUEST)
        version, person = int(given[:9]), self.person
        if await self.done_or_told(lambda: self.publisher.put_back(material_id, version, person, self.door)):
            self.log.info("%s put version %s of %s back", person.name, version, material_id)
            self.redirect(f"{self.hub.base_url}publish/of/{material_id}", status=303)


class WithdrawHandler(OfHandler):
    """`POST /hub/publish/of/<material>/withdraw`: out of the catalogue; its files stay on their tier."""

    @authenticated
    async def post(self, material_id: str) -> None:
        """Withdraw it."""
        if await self.own(material_id) is None:
            return
        person = self.person
        if await self.done_or_told(lambda: self.publisher.withdraw(material_id, person, self.door)):
            self.log.info("%s withdrew %s", person.name, material_id)
            self.redirect(f"{self.hub.base_url}publish/of/{material_id}", status=303)
