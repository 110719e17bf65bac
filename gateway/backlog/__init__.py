"""Mails that wait: the queue as people see it, leases, many at once."""
