"""What server and client of SMTP share: lines, replies, speed limits."""
