"""One submission, or a whole class, to records with marks."""
