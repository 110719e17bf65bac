"""From a mail in hand to a stored decision: read, decide, edit, hold, review."""
