"""The states of a referral, and what an agency may report of it."""
