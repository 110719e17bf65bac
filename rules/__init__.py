"""What a mail is: gates, clauses, vetoes, score, signals and the decision with its reasons. Pure."""
