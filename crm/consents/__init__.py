"""The gate: who agreed to what, in which words, what was provided on it, and for which purposes."""
