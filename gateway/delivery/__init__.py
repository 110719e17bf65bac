"""To the next hop: connections, attempts, retries, notices to the sender."""
