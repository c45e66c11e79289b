"""Finds the files that ship with the program, in a checkout, an editable install or a wheel.

A wheel has them inside the package (`_bundled`), a checkout beside it. Files in the instance directory
override them.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The shipped directory `name` (`templates` or `questionnaires`).

    Raises FileNotFoundError if the installation is incomplete.
    """
    for place in (PACKAGE / "_bundled" / name, PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{name}/ is neither in the package nor beside it; install feedback again")


def directories(name: str, instance: Path | None = None) -> list[Path]:
    """The directories to search for files of `name`, in order: the instance's overrides, then the shipped files."""
    own = [instance / name] if instance is not None and (instance / name).is_dir() else []
    return [*own, shipped(name)]


def find(name: str, file: str, instance: Path | None = None) -> Path:
    """The file to use. Raises FileNotFoundError if there is none, or if the path would leave the directory."""
    for directory in directories(name, instance):
        path = (directory / file).resolve()
        if path.is_relative_to(directory.resolve()) and path.is_file():
            return path
    raise FileNotFoundError(f"{name}/{file} does not exist")
