"""Programs with mistakes, by step: lists of `bank.Program`."""
