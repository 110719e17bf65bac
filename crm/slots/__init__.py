"""What a company does with a slot: from need to hire, and the month's statement."""
