"""What can be wrong with a source or a build, as one line that says what, where and what to do.

Raised by every module of `autograder.authoring`; the command line prints the message and exits.
"""

from __future__ import annotations


class AuthoringError(Exception):
    """A source or a build is not right; the message is one line for the author."""
