"""A small world around a real installation: an internet that keeps every mail, an inbox to read it, and a story."""
