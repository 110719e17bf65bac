"""From a rejection to a personal link, and back when it was wrong."""
