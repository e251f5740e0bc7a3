"""TRANSITION: causes that no file of checks has taken over yet."""
