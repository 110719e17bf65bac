"""What people ask about their data, and its end: withdrawal, requests, the file, retention."""
