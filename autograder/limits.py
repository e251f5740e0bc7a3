"""Every limit on what a submission may take: one table, read by the wall, the worker and handin.

Sizes are bytes unless a comment says otherwise.
"""

from __future__ import annotations

MIB = 2**20

# what a hand-in may hold
NOTEBOOK_FILE = 50 * MIB
NOTEBOOK_CELLS = 2_000
CELL_CHARACTERS = 200_000
NOTEBOOKS = 60  # that are read of one hand-in
HANDIN = 200 * MIB  # of all of them together
PROBLEMS = 20  # lines on what could not be read, of one hand-in
PROBLEM = 400  # characters of one of them

# what a run may take
CELL_SECONDS = 60.0  # on the sample
NOTEBOOK_SECONDS = 600.0
MEMORY = 6 * 2**30  # over that of the warm process
PROCESSES = 64  # and threads, of one notebook
FILE = 256 * MIB  # one written file
OPEN_FILES = 512
HOME = "/home/student"  # behind the wall
WRITABLE = {HOME: 512 * MIB, "/tmp": 512 * MIB, "/dev/shm": 256 * MIB}  # nowhere else behind it
INODES = 50_000  # files and folders in each of them
MOST_DELAYED = 4.0  # times a cell's limit, however much of that others had the processor
CELL_GRACE = 3.0  # seconds over a cell's limit, which the cell's own clock should have kept
MAKING_SECONDS = 300.0  # to make the right inputs of a step
RUN_GRACE = 5.0  # seconds over a notebook's limit before its process is ended
REPEATED_SECONDS = 0.5  # of work that a copy of the process does again; a copy costs a tenth

# what an archive of a student's may hold; `collect` leaves out what is over
ARCHIVE = 500 * MIB  # unpacked, with all archives in it
ARCHIVE_FILES = 10_000
ARCHIVE_DIRECTORY = 4 * MIB  # its table of contents
ARCHIVES_DEEP = 3  # archives in archives
CLASS_ARCHIVE = 50 * 1024 * MIB  # the archive that an LMS gives for a whole class
CLASS_FILES = 500_000
TABLE_FILE = 64 * MIB  # a roster, or an LMS's own list

REPORT = 100_000  # characters of the written report that are looked at
EXECUTED = 32 * MIB  # characters of all executed copies of one student

# what the grader itself may take, over what it has when it begins
GRADER_MEMORY = 2 * 2**30
JUDGING_SECONDS = 300.0  # to judge one run of a submission; it takes a second or two
GRADER_MEMORY_EACH = 2**29  # more of it for each submission at a time

# what a run may say
MESSAGE = 128 * MIB  # evidence of a whole project on the real data is 46 MB
ELEMENTS = 3_000_000  # values in one message: a number, a text, a list, an array
ELEMENTS_OF_A_RUN = 15_000_000  # in all its messages
SHOWN = 64 * MIB  # characters of output that are kept of one run
FLAGS = 200  # signs of tampering that are listed
NOTES = 40  # repairs that are listed
CELL_TEXT = 200_000  # characters of a cell's text that are kept
CELL_TEXT_SEEN = 20_000  # characters of a cell's text that evidence is taken from
PICTURE = 2_000_000  # characters of one displayed object
DISPLAYED = 20  # objects displayed in one cell
