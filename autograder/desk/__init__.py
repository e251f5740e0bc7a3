"""What a student's own machine does beside checking: help, progress, doctor, one notebook or six.

All of it is in the students' wheel; the grader uses none of it.
"""
