"""The rules in force: versions, texts, golden cases, what they add and copy."""
