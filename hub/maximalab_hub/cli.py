"""`maximalab`: the commands of the hub side. Its errors are single lines that say what to do."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import Annotated

import typer
from maximalab_spawner.catalog import CatalogError, History, publish

import maximalab_hub
from maximalab_hub import dbcommand, exportlogcommand, timetablecommand, usagecommand
from maximalab_hub.comparecommand import compare
from maximalab_hub.consent import latest
from maximalab_hub.deploy import command as deploy_command
from maximalab_hub.deploy.backup import BackupError
from maximalab_hub.deploy.certificate import CertificateError
from maximalab_hub.deploy.keys import KeyKeptError
from maximalab_hub.deploy.plan import PlanError
from maximalab_hub.doctor import command as doctor_command
from maximalab_hub.export.dataset import ExportError
from maximalab_hub.exportcommand import export
from maximalab_hub.incoming import IncomingError
from maximalab_hub.known_names import NoSuchNameError
from maximalab_hub.lab import command as lab_command
from maximalab_hub.people import AccountError, add_account
from maximalab_hub.period import PeriodError
from maximalab_hub.seatscommand import seats
from maximalab_hub.secret_files import SecretError
from maximalab_hub.settings import SettingsError, load_settings
from maximalab_hub.store import research
from maximalab_hub.store.engine import StoreAwayError, StoreUrlError, reading
from maximalab_hub.store.studies import NoSuchStudyError, counting
from maximalab_hub.timetable import TimetableError
from maximalab_hub.usagestore import usage_store
from maximalab_hub.vpn import command as vpn_command

app = typer.Typer(
    name="maximalab",
    help="Run and look after a MaximaLab.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
consent = typer.Typer(help="Who agreed to each study.", no_args_is_help=True)
materials = typer.Typer(help="The materials of the lab.", no_args_is_help=True)
accounts = typer.Typer(help="Local accounts.", no_args_is_help=True)

app.command("export")(export)
app.command("compare")(compare)
app.command("seats")(seats)
for name, group in (
    ("timetable", timetablecommand.app),
    ("consent", consent),
    ("materials", materials),
    ("accounts", accounts),
    ("db", dbcommand.app),
    ("deploy", deploy_command.app),
    ("export-log", exportlogcommand.app),
    ("usage", usagecommand.app),
    ("doctor", doctor_command.app),
    ("lab", lab_command.app),
    ("vpn", vpn_command.app),
):
    app.add_typer(group, name=name)

WRONG_USE = (
    SettingsError,
    StoreUrlError,
    SecretError,
    NoSuchStudyError,
    NoSuchNameError,
    TimetableError,
    PeriodError,
    CatalogError,
    AccountError,
    IncomingError,
    PlanError,
    BackupError,
    CertificateError,
    KeyKeptError,
    vpn_command.VpnError,
)
"""Errors that the person who typed the command can mend: exit code 2."""


def main() -> None:
    """Run the command line: exit code 2 for what the caller can mend, 1 for what stands in the way."""
    try:
        app()
    except WRONG_USE as error:
        _end(error, 2)
    except (StoreAwayError, ExportError) as error:
        _end(error, 1)


def _end(error: Exception, code: int) -> None:
    typer.echo(f"maximalab: {error}", err=True)
    sys.exit(code)


def _version(asked: bool) -> None:  # noqa: FBT001  Typer's callbacks take the value by place
    if asked:
        typer.echo(maximalab_hub.__version__)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Run and look after a MaximaLab."""
    del version


@consent.command("list")
def list_consent() -> None:
    """Count who agrees, who declined or withdrew, and who agreed to an older text, study by study. No names."""
    settings = load_settings()
    with usage_store(settings) as engine, reading(engine) as connection:
        for study in counting(settings, connection):
            counted = latest(research.decisions(connection, study.id)).values()
            current = [decision for decision in counted if decision.version == study.consent_version]
            agreed = sum(decision.agreed for decision in current)
            typer.echo(
                f"{study.id}, text {study.consent_version}: {agreed} agree,"
                f" {len(current) - agreed} do not, {len(counted) - len(current)} decided about an older text."
            )


@materials.command("publish")
def publish_materials(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|ZIP...", help="Folders with a material.toml each, or zips of them."),
    ],
) -> None:
    """Put materials into the catalogue, and their files into the store of their tier."""
    settings = load_settings()
    catalogue = settings.catalogue
    history = History(settings.published_dir, lambda: datetime.now(UTC))
    for source in sources:
        done = publish(source, catalogue=catalogue.dir, stores=catalogue.stores, history=history)
        said = "published" if done.changed else "unchanged"
        typer.echo(f"{done.material.id} {done.material.version} ({done.material.tier.value}): {said}")


@accounts.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The person's name for signing in.")],
    group: Annotated[
        list[str] | None, typer.Option(help="For example study:operations-research; repeat.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="The person may administer the hub.")] = False,  # noqa: FBT002
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where not given."
        ),
    ] = "",
) -> None:
    """Add a local account, or replace it."""
    account = add_account(load_settings().people.accounts, name, password, groups=group or (), admin=admin)
    typer.echo(
        f"{account.name}: {', '.join(account.groups) or 'no groups'}{', admin' if account.admin else ''}"
    )


if __name__ == "__main__":
    main()
