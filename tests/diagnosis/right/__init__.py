"""Programs that are right but unusual: the diagnosis must find nothing in any of them."""
