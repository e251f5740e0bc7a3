"""Bytes from anywhere to a submission: its cells by step, who handed it in, what was repaired."""
