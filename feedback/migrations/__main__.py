"""`python -m feedback.migrations 0002 "add renewal date"`: draft a migration from the difference to the models.

For developers, in a checkout; the difference is taken against a fresh database with all migrations so far.
"""

import sys
import tempfile
from pathlib import Path

from feedback.store import schema
from feedback.store.database import Database


def main(revision: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{Path(directory) / 'feedback.db'}")
        database.upgrade()
        with database.connection() as connection:
            schema.draft(connection, message, revision)
        database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
