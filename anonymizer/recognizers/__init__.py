"""The recognisers, one file a type; each is a pure function from a page to spans."""
