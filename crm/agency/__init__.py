"""Agencies: their licence, their keys, and the ways they are told something: inbox, mail, signed webhook."""
