"""Counts of the heavy tests of this folder stand at the end of the run as well."""

from tests.torture.conftest import say as say
