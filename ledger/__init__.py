"""The book: credits and slots, proved from entries that are only ever added (`docs/ledger.md`)."""
