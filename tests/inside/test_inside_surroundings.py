"""The student's machine and ours: the data is found however it is asked for, the device is ours."""

# ruff: noqa: SIM115  (a file that is read at once is closed at once)

from __future__ import annotations

import ast
import glob
import io
import os
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from autograder.inside.surroundings import OnTheCpu, Surroundings

TEXT = "userID\tartistID\tweight\n1\t2\t3\n"


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    folder, data = tmp_path / "work", tmp_path / "work" / ".course_data"
    data.mkdir(parents=True)
    for place in (folder, data):
        (place / "user_artists.dat").write_text(TEXT)
        (place / "artists.dat").write_text("id\tname\n")
    monkeypatch.chdir(folder)
    surroundings = Surroundings(folder, data, ["F = '/data/hetrec/user_artists.dat'"])
    surroundings.install()
    yield surroundings
    surroundings.remove()


def unpacked(archive: zipfile.ZipFile) -> str:
    return archive.read("user_artists.dat").decode()


READERS: dict[str, Callable[[], str]] = {
    "open": lambda: open("/home/anna/user_artists.dat").read(),
    "Windows": lambda: open("C:\\Users\\anna\\user_artists.dat").read(),
    "case": lambda: open("Data/User_Artists.DAT").read(),
    "pathlib": lambda: Path("../data/user_artists.dat").read_text(),
    "io": lambda: io.open("~/user_artists.dat").read(),  # noqa: UP020
    "bytes": lambda: Path("/x/user_artists.dat").read_bytes().decode(),
    "guard": lambda: open(next(p for p in ["/a/user_artists.dat"] if os.path.exists(p))).read(),
    "isfile": lambda: TEXT if os.path.isfile("/a/b/user_artists.dat") else "",
    "access": lambda: TEXT if os.access("/a/user_artists.dat", os.R_OK) else "",
    "Path.exists": lambda: TEXT if Path("/a/user_artists.dat").exists() else "",
    "folder": lambda: TEXT if os.path.isdir("/data/hetrec") else "",
    "listdir": lambda: TEXT if "user_artists.dat" in os.listdir("/content/drive/gnn") else "",
    "scandir": lambda: TEXT if "artists.dat" in [e.name for e in os.scandir("/content")] else "",
    "glob": lambda: open(glob.glob("/kaggle/input/user_*.dat")[0]).read(),
    "glob below": lambda: open(glob.glob("/kaggle/**/user_*.dat", recursive=True)[0]).read(),
    "Path.glob": lambda: next(Path("../data").glob("user*.dat")).read_text(),
    "zip": lambda: unpacked(zipfile.ZipFile("/content/hetrec2011-lastfm-2k.zip")),
    "is_zipfile": lambda: TEXT if zipfile.is_zipfile("downloads/a.zip") else "",
    "URL": lambda: urllib.request.urlopen("https://x.org/user_artists.dat").read().decode(),
    "retrieved": lambda: unpacked(zipfile.ZipFile(retrieved("https://x.org/a/b.zip?x=1"))),
}


def retrieved(url: str) -> str:
    return urllib.request.urlretrieve(url, "here.zip")[0]


@pytest.mark.parametrize("how", READERS)
def test_the_data_is_found(around: Surroundings, how: str) -> None:
    assert READERS[how]() == TEXT
    asked_only = ("isfile", "access", "Path.exists", "folder", "listdir", "scandir")
    assert bool(around.notes) == (how not in asked_only + ("Path.glob",))


def test_requests_gets_it_too(around: Surroundings) -> None:
    requests = pytest.importorskip("requests")
    answer = requests.get("https://example.org/user_artists.dat")
    assert answer.ok and answer.text == TEXT and "example.org" in around.notes[0]


@pytest.mark.parametrize(
    "path", ["model.pt", "/content", "/content/drive", "data", "../out", "user_artists.csv", ""]
)
def test_what_is_nothing_of_ours_is_not_there(around: Surroundings, path: str) -> None:
    assert not os.path.exists(path) and not Path(path or "x").exists()
    with pytest.raises(OSError):
        open(path)
    assert around.notes == []


def test_a_file_that_is_written_is_the_students(around: Surroundings) -> None:
    with pytest.raises(FileNotFoundError):
        open("no/such/folder/user_artists.dat", "w")
    Path("artists.dat").write_text("mine")
    assert open("artists.dat").read() == "mine"


def test_it_can_be_taken_out_again(tmp_path: Path) -> None:
    before = open, io.open, os.stat, os.listdir, urllib.request.urlopen, Path.glob
    surroundings = Surroundings(tmp_path, tmp_path, [])
    surroundings.install()
    assert open is not before[0] and os.stat is not before[2]
    surroundings.remove()
    assert before == (open, io.open, os.stat, os.listdir, urllib.request.urlopen, Path.glob)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
@pytest.mark.parametrize(
    ("source", "rewritten"),
    [
        ("device = 'cuda'", "device = 'cpu'"),
        ("x.to('cuda:1')", "x.to('cpu')"),
        ("torch.device('mps')", "torch.device('cpu')"),
        ("f'cuda:{gpu}'", "f'cpu:{gpu}'"),
        ("model.cuda()", "model.cpu()"),
        ("x.cuda(non_blocking=True)", "x.cpu()"),
        ("torch.ones(3, device='cuda')", "torch.ones(3, device='cpu')"),
        ("'cuda' if torch.cuda.is_available() else 'cpu'", None),
        ("device.type == 'cuda'", "device.type == 'cuda'"),
        ("torch.cuda.is_available()", "torch.cuda.is_available()"),
        ("torch.autocast('cuda')", "torch.autocast('cuda')"),
        ("print('cuda is here')", "print('cuda is here')"),
    ],
)
def test_a_device_that_is_not_here(source: str, rewritten: str | None) -> None:
    notes: list[str] = []
    found = ast.unparse(ast.fix_missing_locations(OnTheCpu(notes.append).visit(ast.parse(source))))
    assert found == (rewritten or found)
    assert bool(notes) == (found != source)


def test_a_default_device_changes_nothing(around: Surroundings) -> None:
    for device in ("cpu", "cuda", "mps"):
        torch.set_default_device(device)
        assert torch.ones(1).device.type == "cpu"
        assert not torch.overrides._get_current_function_mode_stack()
