"""What a candidate says of themselves, and the de-identified sheet that is made of it."""
