"""`maximalab doctor`: look the installation over, and say for each check ok or what to do."""

from __future__ import annotations

import os

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from maximalab_hub.doctor.checks import examine
from maximalab_hub.doctor.finding import Finding, Verdict
from maximalab_hub.lab.places import Places
from maximalab_hub.settings import SETTINGS_VARIABLE, settings_path

STYLE = {Verdict.OK: "green", Verdict.WRONG: "bold red", Verdict.NOT_CHECKED: "yellow"}

app = typer.Typer(name="doctor", help="Check the installation.", add_completion=False)


@app.callback(invoke_without_command=True)
def doctor() -> None:
    """Check the installation: for each check ok, or the remedy. Exit code 1 where anything is wrong."""
    own = Places.from_environment().settings
    if not settings_path().exists() and own.exists():
        os.environ[SETTINGS_VARIABLE] = str(own)
    console = Console(highlight=False)
    with console.status("Looking …"):
        findings = list(examine())
    console.print(table_of(findings))
    wrong = sum(finding.verdict is Verdict.WRONG for _, finding in findings)
    console.print(f"{wrong} of {len(findings)} checks found something wrong." if wrong else "All is well.")
    raise typer.Exit(1 if wrong else 0)


def table_of(findings: list[tuple[str, Finding]]) -> Table:
    """Lay the findings out: a line each, with the remedy below what is wrong."""
    table = Table("check", "result", "what was found")
    for name, finding in findings:
        said = escape(finding.detail) + (f"\n→ {escape(finding.remedy)}" if finding.remedy else "")
        table.add_row(name, f"[{STYLE[finding.verdict]}]{finding.verdict}[/]", said)
    return table
