"""The installation's settings, loaded once at start.

`FEEDBACK_*` variables override `instance/feedback.toml`, which overrides the defaults. A secret can also be
read from the file that `FEEDBACK_<TABLE>_<KEY>_FILE` names. Importing this package reads nothing.

    table.py       every setting: name, type, default, what it is for
    values.py      from written values to Python ones
    reading.py     load()
    checks.py      check(): coded problems with hints
    reference.py   reference() for docs/settings.md, initial_toml() for a new installation
"""

from feedback.settings.checks import check
from feedback.settings.problem import Problem
from feedback.settings.reading import load
from feedback.settings.reference import initial_toml, reference
from feedback.settings.table import Settings
from feedback.settings.values import Secret, Weekday

__all__ = ["Problem", "Secret", "Settings", "Weekday", "check", "initial_toml", "load", "reference"]
