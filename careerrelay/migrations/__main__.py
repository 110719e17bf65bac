"""For developers: `python -m careerrelay.migrations "what changed"` writes the next step from the tables."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from careerrelay import migrate
from core.db import Database


def main() -> None:
    """Compare a database at the newest step with the tables, and write the difference as a new file."""
    with tempfile.TemporaryDirectory() as directory:
        db = Database(f"sqlite+pysqlite:///{Path(directory) / 'scratch.sqlite3'}")
        with db.connection(write=True) as connection:
            config = migrate.alembic_config(connection)
            command.upgrade(config, "head")
            command.revision(config, sys.argv[1], autogenerate=True, rev_id=_next_number())
        db.close()


def _next_number() -> str:
    steps = Path(__file__).with_name("versions").glob("[0-9]*.py")
    return f"{max((int(step.name[:4]) for step in steps), default=0) + 1:04}"


if __name__ == "__main__":
    main()
