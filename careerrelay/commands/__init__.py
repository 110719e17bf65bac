"""One file a group of commands. Each only reads its arguments, calls a use case, and prints what came back."""
