"""The open connections of one process: how many there may be, and telling them that the server stops."""

from collections.abc import Iterator
from typing import Protocol


class Session(Protocol):
    def shut_down(self) -> None: ...


class Sessions:
    def __init__(self, connections_max: int) -> None:
        self._open: set[Session] = set()
        self._connections_max = connections_max
        self.stopping = False

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._open))

    def enter(self, session: Session) -> bool:
        """Count a new connection in; False when there are too many already or the server stops."""
        if self.stopping or len(self._open) >= self._connections_max:
            return False
        self._open.add(session)
        return True

    def leave(self, session: Session) -> None:
        self._open.discard(session)

    def stop(self) -> None:
        """Refuse new ones and say goodbye to those that are idle; called again for those that become idle."""
        self.stopping = True
        for session in self:
            session.shut_down()
