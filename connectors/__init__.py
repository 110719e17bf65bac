"""What other systems know: applicant tracking systems, files, and the way back. Never sends mail to a candidate."""
