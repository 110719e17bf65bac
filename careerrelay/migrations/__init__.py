"""Alembic's environment; each file in ``versions/`` is one step, written once and never changed after a release."""
