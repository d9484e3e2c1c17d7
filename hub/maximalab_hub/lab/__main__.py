"""Run the commands of the one-command lab."""

import sys

try:
    from maximalab_hub.lab.command import app

    app(prog_name="./lab")
except KeyboardInterrupt:
    # Before anything was started: there is nothing to end.
    sys.exit(130)
