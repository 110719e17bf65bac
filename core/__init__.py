"""Ground floor: settings, database, jobs, outbox, clock, errors, keys, log, metrics. Imports nothing of the product."""
