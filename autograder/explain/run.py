"""What is behind an error and no entry of the catalogue, outside of the code: files, installation.

`explain.py` takes the texts from here for ids that begin with `run.` and are not in `stops.py`.
"""

from __future__ import annotations

from autograder.rules.cause import Cause


def entry(id: str, title: str, why: str, question: str, hints: tuple[str, str, str]) -> Cause:
    """A text alone: no predicate finds it in a run."""
    return Cause(id, title, why, question, hints, lambda _: None)


ENTRIES = (
    entry(
        "run.missing-module",
        "A library is not installed in this environment",
        "Each environment has its own libraries. A notebook uses those of its kernel, which need "
        "not be those of the terminal in which you installed them.",
        "Which environment is the kernel of this notebook, and where did you install?",
        (
            "Compare the kernel's name, top right in the notebook, with your environment's.",
            "Some libraries are installed under one name and imported under another.",
            "Run `%pip install` in a cell of this notebook, then restart the kernel.",
        ),
    ),
    entry(
        "run.wrong-import",
        "The library has nothing of this name",
        "The library was found, but what you ask of it is spelled differently, lies in another of "
        "its modules, or came with another version.",
        "How is it written in the documentation, letter by letter, and under which module?",
        (
            "Compare capital letters; Python tells `Sage` from `SAGE`.",
            "Look the name up in the library's documentation: which module does the example "
            "import it from?",
            "Is there a file of yours with the library's name in this folder? Python takes that.",
        ),
    ),
    entry(
        "run.file-not-found",
        "The file is not where Python looks for it",
        "A path without a folder is looked for in the folder of the notebook's kernel, which is "
        "seldom the downloads folder. The download is a zip, to be unpacked first.",
        "In which folder does Python look, and in which one is the file?",
        (
            "Print `os.getcwd()` and `os.listdir()`: is the file there, with just this name?",
            "In our notebooks `course_data.path(...)` gives a path that exists.",
            "Move the file beside the notebook, or give the whole path. On Windows, write "
            "it with forward slashes.",
        ),
    ),
    entry(
        "run.wrong-file",
        "What is read is not the table that was meant",
        "A zip, a folder, an empty file or a web page saved under the right name is read as if it "
        "were the table.",
        "What do the first lines of the file look like in a text editor?",
        (
            "Look at the file's size and its first lines.",
            "Only `user_artists.dat` is needed: three columns of whole numbers.",
            "Download and unpack it again; `course_data fetch` does both and checks the result.",
        ),
    ),
    entry(
        "run.extension-missing",
        "An optional part of PyG is not installed",
        "Loaders and some layers need compiled extras (pyg-lib, torch-sparse, torch-scatter), "
        "built for just your version of torch. The assignment needs none of them.",
        "Which line asks for the extra, and does the assignment need that line?",
        (
            "See whether a loader, or a layer other than `SAGEConv`, is used.",
            "The whole graph fits into memory: it can be used without batches.",
            "If an extra that you installed does not load, it was built for another torch: "
            "remove it.",
        ),
    ),
    entry(
        "run.device",
        "Tensors live on different devices",
        "A tensor is in the memory of the CPU or of a GPU, and one operation cannot mix the two. "
        "What is made inside a function begins on the CPU.",
        "On which device are the model, the data, the negatives and the labels?",
        (
            "Print `.device` of everything that the failing line uses.",
            "Tensors that you make yourself in the training step, such as labels, do not follow.",
            "This project runs in seconds to minutes on a CPU: leave the GPU out, or move all.",
        ),
    ),
    entry(
        "run.memory",
        "Something is too large for the memory",
        "A table with one entry for every pair of nodes has hundreds of millions of entries, a "
        "sparse list of edges a hundred thousand.",
        "What is the shape of the largest thing that this line makes?",
        (
            "Work out: rows times columns times four bytes.",
            "Does the line need every pair of nodes, or the pairs in question only?",
            "If it grows from epoch to epoch: what is kept in a list, a number or a tensor?",
        ),
    ),
    entry(
        "run.scaffold",
        "An exercise is not filled in yet",
        "`raise NotImplementedError()` marks where your code belongs. It stays in force as long as "
        "the line is there, also below code of yours.",
        "Is the line still there, in this cell or in a cell that this one calls?",
        (
            "The deepest of your own lines in the traceback is the place.",
            "Write your code where it says `# YOUR CODE HERE`.",
            "Take the line away when yours are written, and run the cell again.",
        ),
    ),
    entry(
        "run.kit",
        "The kit was asked for something that it does not have",
        "This message comes from the course's own tools. It says what was asked for and what "
        "to do.",
        "What does the message offer instead?",
        (
            "Read the message to its end.",
            "Compare the name that you passed with those it lists.",
            "If it still makes no sense, send it to your teaching assistant with the line.",
        ),
    ),
    entry(
        "run.interrupted",
        "The cell was stopped while it ran",
        "Nothing is wrong in itself: somebody, or a limit of time, stopped it. The question is why "
        "it took so long.",
        "Which loop was running, and how many rounds did it have to go?",
        (
            "The deepest of your own lines in the traceback is where the time went.",
            "Time one round and multiply.",
            "Pandas, NumPy and torch work on whole columns at once; loops over rows are slow.",
        ),
    ),
)
