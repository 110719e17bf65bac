"""Log lines are JSON with fields; an exception's message, which may quote a mail, never gets in."""

import io
import json
import logging

from core.log import JsonLines
from core.metrics import DELIVERIES, render


def logged() -> dict[str, object]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("gateway.test")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        raise ValueError("To: yamada@example.org 山田太郎様")
    except ValueError:
        logger.error("mail failed", extra={"mail_id": 812}, exc_info=True)
    line = stream.getvalue()
    assert line.count("\n") == 1
    return dict(json.loads(line))


def test_a_log_line_holds_fields_and_no_exception_text() -> None:
    line = logged()
    assert (line["event"], line["mail_id"], line["error"], line["level"]) == ("mail failed", 812, "ValueError", "error")
    assert "yamada" not in json.dumps(line, ensure_ascii=False)
    assert "山田" not in json.dumps(line, ensure_ascii=False)
    assert "test_log_metrics.py" in str(line["where"])


def test_metrics_are_rendered_for_prometheus() -> None:
    DELIVERIES.labels(result="sent").inc()
    assert b'careerrelay_deliveries_total{result="sent"}' in render()
