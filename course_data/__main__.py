"""`python -m course_data`: the `course_data` command, for where scripts are not on the path."""

import sys

from course_data.cli import main

sys.exit(main())
