"""Run the doctor: `python -m maximalab_hub.doctor`."""

from maximalab_hub.doctor.command import app

app(prog_name="./lab doctor")
