"""Who takes part: companies, their hops and programmes. What is typed about them is checked here."""
