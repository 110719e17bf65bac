"""The octets of a mail: taken apart, read, edited and proven. Pure."""
