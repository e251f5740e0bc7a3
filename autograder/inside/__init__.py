"""All of the kit that runs beside the student's code, and all that is mounted there."""
