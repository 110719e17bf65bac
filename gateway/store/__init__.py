"""What lies on the disk: bodies, copies, how long they stay, and how much of it there is."""
