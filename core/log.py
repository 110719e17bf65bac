"""JSON lines on standard error: a fixed phrase, ids and counts; never an address, a name or a body."""

import json
import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[1] is not None:
            # The message of an exception may quote a mail: its type and its place are enough to find the fault.
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            line["where"] = [
                f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-8:]
            ]
        return json.dumps(line, ensure_ascii=False, default=str)


def get_logger(name: str) -> logging.Logger:
    return logging.getLogger(name)


def configure(role: str, level: int = logging.INFO) -> None:
    """Send every log line of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("mail.log", "alembic", "rq.worker", "presidio-analyzer", "waitress", "flask_limiter"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of every request that finds no idle thread, the first ones after the start too.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    get_logger("careerrelay").info("process started", extra={"role": role})
