"""The installation's settings, made once at start.

Defaults, then `instance/feedback.toml`, then `FEEDBACK_*` variables: the later one wins. A secret may also
come from the file that `FEEDBACK_<TABLE>_<KEY>_FILE` names. Nothing is read when this package is imported.

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
