"""The wall around the student's process: isolation, and the grader's end of the connection."""
