"""The candidate's pages: invitation, registration, correction, what happens next."""
