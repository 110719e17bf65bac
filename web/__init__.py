"""The console, the candidate's pages, the agency's page and API. Pages ask the floors below and write no SQL."""
