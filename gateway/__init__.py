"""Mail in and out: the SMTP listener, the durable spool, reading and rewriting of bytes, the relay to the next hop."""
