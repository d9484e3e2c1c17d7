"""The list of all checks, in the order in which one rests on another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.doctor import engines, files, programs, running, vpn
from maximalab_hub.doctor.finding import Finding, not_checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from maximalab_hub.settings import Settings

INSTALLED: Mapping[str, Callable[[], Finding]] = {
    "Python": programs.python,
    "Maxima": programs.maxima,
    "gnuplot": programs.gnuplot,
    "proxy": programs.proxy,
    "kernelspec": programs.kernelspec,
}
BY_SETTINGS: Mapping[str, Callable[[Settings], Finding]] = {
    "usage store": files.store,
    "catalogue": files.catalogue,
    "keys": files.keys,
    "disk space": files.room,
    "clock": files.clock,
    "entrances": running.entrances,
    "private routes": running.private_routes,
    "VPN gateway": vpn.gateway,
}


def examine() -> Iterator[tuple[str, Finding]]:
    """Make every check, one after the other; yields its name and what it found."""
    for name, check in INSTALLED.items():
        yield name, check()
    settings, finding = files.settings_file()
    yield "settings", finding
    for name, check_by in BY_SETTINGS.items():
        yield name, check_by(settings) if settings else not_checked("needs the settings file")
    for found in engines.engines(settings) if settings else [not_checked("needs the settings file")]:
        yield "engines", found
