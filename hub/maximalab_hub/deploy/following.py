"""The lines of settings that `up` wrote and that are no longer so: they follow, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from maximalab_hub.deploy.files import owner_of, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maximalab_hub.deploy.plan import Plan

IMAGE = 'maxima = "maximalab/singleuser:{}"'


def follow(plan: Plan, lab: Path, tag: str, before: str) -> list[str]:
    """Bring the settings of the folder `lab` after; says what has changed, file and line.

    An entrance that has got a certificate has another address. A version that is newer, or older, has another image of
    students' servers. What an admin has written in the place of one of these lines stays.
    """
    wanted = {
        "maximalab.toml": dict(_addresses(plan)),
        "backends.toml": {IMAGE.format(before): IMAGE.format(tag)},
    }
    return [f"{name}: {line}" for name, lines in wanted.items() for line in _changed(lab / name, lines)]


def _addresses(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.tls:
        plain = replace(plan, tls=False)
        ports = {plan.port, 80} if plan.port == 443 else {plan.port}  # noqa: PLR2004  as `up` chooses them
        yield from ((_url(replace(plain, port=port).url), _url(plan.url)) for port in ports)
    if plan.vpn_host:
        yield _url(replace(plan, vpn_host="").vpn_url), _url(plan.vpn_url)


def _url(address: str) -> str:
    return f'url = "{address}"'


def _changed(path: Path, lines: dict[str, str]) -> list[str]:
    old = path.read_text(encoding="utf-8").splitlines(keepends=True)
    new = [lines.get(line.rstrip("\n"), line.rstrip("\n")) + "\n" * line.endswith("\n") for line in old]
    if new == old:
        return []
    replaced(path, "".join(new).encode(), owner_of(path))
    return [fresh.strip() for fresh, was in zip(new, old, strict=True) if fresh != was]
