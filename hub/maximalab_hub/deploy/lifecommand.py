"""`maximalab deploy rotate`, `certificate`, `mark`, `pack`, `unpack`: what deploy/compose asks of the lab's folder."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from maximalab_hub import migrations
from maximalab_hub.deploy import backup, certificate, keys
from maximalab_hub.deploy.init import USER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Folder = Annotated[Path, typer.Argument(help="The lab's folder.")]
Backup = Annotated[Path, typer.Argument(help="The backup's folder.")]


def rotate(folder: Folder, names: Annotated[list[str], typer.Argument(help="Keys to make anew.")]) -> None:
    """Make keys anew. Says which services have to start anew, and of which the hub has to forget the token."""
    found = {name: keys.rotation(name) for name in names}
    for name, one in found.items():
        keys.renew(folder, name)
        typer.echo(f"{name} is new. {one.then}", err=True)
        if one.service:
            typer.echo(f"forget: {one.service}")
    readers = dict.fromkeys(reader for one in found.values() for reader in one.readers)
    typer.echo(f"anew: {' '.join(readers)}")


def put_certificate(
    folder: Folder,
    host: Annotated[str, typer.Option(help="What it must name; default: as `up` was told.")] = "",
    vpn: Annotated[bool, typer.Option("--vpn", help="It is the VPN entrance's own.")] = False,  # noqa: FBT002
) -> None:
    """Look at a certificate and its key in `tls/new`, and put them where an entrance reads them."""
    place = folder / "tls"
    said = _words(folder)
    of_vpn = said.get("--vpn-host", "")
    if vpn and not (host or of_vpn):
        raise certificate.CertificateError(
            "the VPN entrance has no name yet: say it here by --host NAME, and then to `up` by --vpn-host NAME"
        )
    shared = [of_vpn] if of_vpn and not (place / "vpn").is_dir() else []
    hosts = [host or of_vpn] if vpn else [host or said["--host"], *shared]
    given = [(place / "new" / name).read_bytes() for name in ("certificate.pem", "key.pem")]
    until = certificate.looked_at(given[0], given[1], hosts, datetime.now(UTC))
    certificate.put(place / "vpn" if vpn else place, given[0], given[1], USER)
    typer.echo(f"The certificate for {', '.join(hosts)} is valid until {until:%Y-%m-%d}.")


def _words(folder: Path) -> dict[str, str]:
    """Read the words that `up` has kept, by name."""
    kept = folder / ".words"
    words = shlex.split(kept.read_text(encoding="utf-8")) if kept.exists() else []
    return dict(zip(words[::2], words[1::2], strict=False))


def mark(folder: Folder) -> None:
    """Print a word that changes where months are archived, or come back from the archive."""
    typer.echo(backup.mark(folder))


def pack(folder: Folder, out: Backup) -> None:
    """Copy settings, materials and keys into a backup, while the lab runs."""
    backup.pack(folder, out)


def unpack(
    folder: Folder, given: Backup, tables: Annotated[str, typer.Option(help="Version of the tables then.")]
) -> None:
    """Put settings, materials and keys back where no lab is."""
    if tables > migrations.newest():
        raise backup.BackupError(
            f"its tables are at {tables}, and this version knows them up to {migrations.newest()}: take the checkout of"
            " then (COMMIT in the file `about`), or a newer one"
        )
    backup.unpack(folder, given)


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "rotate": rotate,
    "certificate": put_certificate,
    "mark": mark,
    "pack": pack,
    "unpack": unpack,
}
