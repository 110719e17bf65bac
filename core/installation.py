"""One row about this installation; its ``config_version`` tells running processes to read the configuration again."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.bulk import Query
from core.db import Base

if TYPE_CHECKING:  # whose transactions count the version up
    from core.runtime import Tx

ONLY_ROW = 1


class Installation(Base):
    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    config_version: Mapped[int] = mapped_column(default=1)
    bypass: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


def bump_config_version(session: Session) -> int:
    """The version from now on."""
    bumped = (
        update(Installation)
        .where(Installation.id == ONLY_ROW)
        .values(config_version=Installation.config_version + 1)
        .returning(Installation.config_version)
    )
    return session.execute(bumped).scalar_one()


def config_version(tx: "Tx") -> int:
    return next((version for (version,) in _VERSION.rows(tx)), 0)


_VERSION = Query(select(Installation.config_version).where(Installation.id == ONLY_ROW))
