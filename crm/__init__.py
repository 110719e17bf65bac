"""People, consent, invitations, referrals: what is known about a candidate, and the gate before anything leaves."""
