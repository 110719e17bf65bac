"""Tests of crm/: people, consent, invitations, referrals."""
