"""DKIM: keys, records, signatures, and what a signature that is already there allows."""
