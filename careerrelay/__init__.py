"""Top floor: command line, supervisor, demo and migrations. The only place that may know every package."""

__version__ = "0.1.0"
