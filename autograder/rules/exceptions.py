"""What can be behind an exception and is no cause of a check: files, installation, slips of code.

`autograder.explain` names these by id; a diagnosis and `autograder explain` show the words.
"""

from __future__ import annotations

from autograder.rules.cause import Cause


def entry(id: str, title: str, why: str, question: str, hints: tuple[str, str, str]) -> Cause:
    """A text alone: no predicate finds it in a run."""
    return Cause(id, title, why, question, hints, lambda _: None)


EXCEPTION = entry(
    "run.exception",
    "A cell stops with an exception",
    "Nothing below the line that raised is computed, and cells that need it fail as well.",
    "What does the last line of the error say, and which of your lines does it name?",
    (
        "Read the last line first: the type of the error, then what it says, then its numbers.",
        "Print type and shape of everything in the line that is named, just before it.",
        "Restart the kernel and run all cells from the top: which is the first that fails?",
    ),
)

ENTRIES = (
    EXCEPTION,
    entry(
        "run.other-name",
        "What the exercise asks for may be there under another name",
        "The checks, and the cells further down, look for it by the name that the exercise gives.",
        "Which name does the exercise ask for, letter by letter, and which one did you write?",
        (
            "Read the first comment line of the exercise's cell: it begins with the name.",
            "Print what your own name holds: is it what the exercise asks for?",
            "Use the name of the exercise to the left of `=`, and run the cell again.",
        ),
    ),
    entry(
        "run.older-value",
        "The value is older than what it was made from",
        "A cell that is changed and run again changes nothing that cells further down made before.",
        "Which cells have you run again, and which of those below them not?",
        (
            "The number in brackets beside a cell says in which order the cells ran.",
            "Run the cell of this exercise again, then its check.",
            "When in doubt: restart the kernel, and run all cells from the top.",
        ),
    ),
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
    entry(
        "run.undefined-name",
        "A name is used before it is made",
        "A notebook knows only what cells that ran have made, in the order in which they ran. A "
        "cell above that failed, or was not run since the last restart, made nothing.",
        "Which cell makes this name, and has it run since the kernel started?",
        (
            "Look for the name in the notebook: is it spelled the same everywhere?",
            "Restart the kernel and run all cells from the top: which is the first that fails?",
            "A name that is made inside a function, or as `self.name`, is not known outside.",
        ),
    ),
    entry(
        "run.arguments",
        "A function is called with other arguments than it takes",
        "Python matches what you pass with the names in the `def` line, in order. A method gets "
        "its object as the first, `self`, by itself.",
        "What does the `def` line ask for, and what does the call give?",
        (
            "Write the two below each other: the names in the `def`, the values in the call.",
            "For a method: is `self` the first name in its `def`? Is it called on an object, or "
            "on the class?",
            "For a library's function: look its arguments up, `help(function)` shows them.",
        ),
    ),
    entry(
        "run.lengths",
        "Scores and labels do not belong to the same pairs",
        "The loss and the AUC go through scores and labels side by side: score 1 with label 1. "
        "There must be one label for each pair that was scored.",
        "How many pairs did you ask about, how many scores came back, how many labels are there?",
        (
            "Print the shapes: positives, negatives, both together, scores, labels.",
            "Where two are joined: did the number of pairs grow, or the number of rows?",
            "Make the labels as long as what was scored, positives and negatives in its order.",
        ),
    ),
    entry(
        "run.nan",
        "There are NaN or infinite numbers among the scores or labels",
        "Once one weight is NaN, everything computed with it is. It comes from numbers that "
        "grew beyond bounds, a division by zero, or a logarithm of zero.",
        "In which epoch is the loss NaN for the first time?",
        (
            "Print the loss of each epoch.",
            "Does the loss grow before that? What makes steps too large?",
            "Check the input as well: is there NaN in the table or in `data`?",
        ),
    ),
    entry(
        "run.none",
        "A name holds None, or something of another type than thought",
        "A function without `return` gives None, and so does an attribute that was never set. A "
        "name that was used twice holds what it was given last.",
        "What do `type(...)` and `print(...)` say of the thing before the dot?",
        (
            "Look at the word in quotes: that is the type of what you have.",
            "Find the line that last gave it its value. Does that function return something?",
            "Restart the kernel and run all: a name may be left over from an earlier try.",
        ),
    ),
    entry(
        "run.attribute",
        "The object has no attribute of this name",
        "An attribute is there only if something has set it, under just this name. PyG's `Data` "
        "shows all of its own when it is printed.",
        "Which attributes does `print(...)` of the object show?",
        (
            "Compare the name with what is there, letter by letter.",
            "Is this the object that you mean: the data before or after the split, the class or "
            "an object of it?",
            "For a layer: is it set as `self.name` in `__init__`, with this very name?",
        ),
    ),
    entry(
        "run.shapes",
        "Two tensors do not fit together",
        "To join tensors, or to combine them number by number, all their sizes must agree, but for "
        "the one along which they are joined.",
        "What is the shape of each of the two, and what should it be?",
        (
            "Print both shapes just before the line.",
            "Say of each dimension what it counts: pairs, nodes, channels?",
            "Go back to where the first unexpected size appears.",
        ),
    ),
    entry(
        "run.join-dimension",
        "Tensors are joined along a dimension that they do not have",
        "Dimensions are counted from 0. A vector, such as the labels, has the dimension 0 only; "
        "pairs of shape [2, P] have two, and their columns are joined along dimension 1.",
        "How many dimensions does each of the tensors have that this line joins?",
        (
            "Print the shapes of what is joined, just before the line.",
            "Which dimension of each counts the pairs? That is the one that should grow.",
            "Labels have one dimension: join them with `dim=0`. Pairs are columns: `dim=1`.",
        ),
    ),
    entry(
        "run.many",
        "One number is expected, and there are many",
        "`backward()` begins at one number, and `item()` gives one. A loss is one number for all "
        "pairs together; a count is one whole number.",
        "What is the shape of what this line works on?",
        (
            "Print its shape.",
            "Does your loss average over the pairs, as the default of torch's losses does?",
            "If a count is meant: which dimension of the tensor counts the edges?",
        ),
    ),
    entry(
        "run.direction",
        "The split finds hardly any edge from a lower to a higher index",
        "With `is_undirected=True` RandomLinkSplit keeps only columns whose source is not above "
        "the target, for it takes the others for copies. Stored in one direction, from high to "
        "low, none is left.",
        "In how many columns of `edge_index` is the source below the target?",
        (
            "Count the columns with source <= target.",
            "Which side has the lower indices, and from which side to which are edges stored?",
            "Number the users first and store edges from user to artist; or store both directions.",
        ),
    ),
    entry(
        "run.no-lookup",
        "`x` goes into a layer as it is, and not through the embedding",
        "`x` holds the numbers of the nodes: whole numbers, one for each. A layer needs a vector "
        "for each node, which the embedding has.",
        "What does `x` hold: vectors, or numbers of rows?",
        (
            "Print shape and dtype of what enters the first layer.",
            "Call the embedding like a function, with the numbers of the rows.",
            "Hand what it gives, [num_nodes, embedding_dim], to the first layer.",
        ),
    ),
    entry(
        "run.components",
        "The graph falls into several parts, and NetworkX cannot guess the sides",
        "A right graph of this data may well do so. In each part either side could be the users; "
        "that is why nodes carry the attribute `bipartite`.",
        "Where do your nodes say which side they are on?",
        (
            "Look at the attribute of two or three nodes.",
            "Ask for nodes by their attribute instead of letting NetworkX guess.",
            "NetworkX has a test for being bipartite that needs no sides.",
        ),
    ),
    entry(
        "run.read-only",
        "An array that shares its numbers with a table is read-only",
        "Since pandas 3 what `.values` and `.to_numpy()` give may show the table's own numbers. "
        "They cannot be written to, so that the table does not change behind your back.",
        "Whose numbers does this array hold, its own or the table's?",
        (
            "Print `array.flags.writeable`.",
            "Which earlier line made the array: `.values`, `.to_numpy()`, `.map(...).values`?",
            "Take a copy where you want to write: `.to_numpy(copy=True)` or `.copy()`.",
        ),
    ),
    entry(
        "run.removed-name",
        "A newer release of the library has no such name any more",
        "Old examples use names that were taken out later, such as `np.float_` and `np.int` in "
        "NumPy, or `DataFrame.append` in pandas.",
        "Which release are you using, and which one was the example written for?",
        (
            "Print the library's `__version__`.",
            "The message often says what to write instead.",
            "Search the library's release notes for the name.",
        ),
    ),
    entry(
        "run.chained-assignment",
        "A column is changed in place, and the table does not notice",
        "With pandas 3 `df['a']` is a column of its own: `df['a'].replace(..., inplace=True)` "
        "changes that one and leaves `df` as it was.",
        "What does `df` hold after this line?",
        (
            "Print the column of the table before and after.",
            "Give the result back to the table: `df['a'] = df['a'].replace(...)`.",
            "Or change one place with `df.loc[rows, 'a'] = value`.",
        ),
    ),
    entry(
        "run.weights-only",
        "`torch.load` takes weights only, and the file holds more",
        "Since torch 2.6 `torch.load` refuses to build objects of any class, for that can run a "
        "stranger's code. A saved `state_dict` is loaded as before; a whole model is not.",
        "What did the line that saved the file put into it: a model, or its `state_dict`?",
        (
            "Save `model.state_dict()`, not `model`.",
            "Make the model first, then `model.load_state_dict(torch.load(path))`.",
            "For a file of your own, `torch.load(path, weights_only=False)` loads it all the same.",
        ),
    ),
)
