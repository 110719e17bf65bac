"""What an agency may read: free text stripped of identifying spans, and the structured profile."""
