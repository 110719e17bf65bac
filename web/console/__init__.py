"""Pages for the people of a company: one file a page group, one table of who may open which (`access.py`)."""
