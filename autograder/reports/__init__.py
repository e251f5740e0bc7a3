"""Pages and tables for people; rendering never checks."""
