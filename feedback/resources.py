"""Where the files that ship with the program are: in a checkout, in an editable install and in a wheel.

A wheel carries them inside the package (`_bundled`), a checkout beside it. The installation's own files, in
the instance directory, come first.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The shipped directory `name` (`templates` or `questionnaires`).

    Raises FileNotFoundError where the program was taken apart.
    """
    for place in (PACKAGE / "_bundled" / name, PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{name}/ is neither in the package nor beside it; install feedback again")


def directories(name: str, instance: Path | None = None) -> list[Path]:
    """Where to look for files of `name`, first hit wins: the instance's overrides, then what ships."""
    own = [instance / name] if instance is not None and (instance / name).is_dir() else []
    return [*own, shipped(name)]


def find(name: str, file: str, instance: Path | None = None) -> Path:
    """The file that counts. Raises FileNotFoundError, also for a path that would leave the directory."""
    for directory in directories(name, instance):
        path = (directory / file).resolve()
        if path.is_relative_to(directory.resolve()) and path.is_file():
            return path
    raise FileNotFoundError(f"{name}/{file} does not exist")
