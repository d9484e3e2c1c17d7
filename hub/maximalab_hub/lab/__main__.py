"""Run the commands of the one-command lab."""

from maximalab_hub.lab.command import app

app(prog_name="./lab")
