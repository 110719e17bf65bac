"""A client's connection: commands, sign-in, limits, and taking a mail in."""
