"""What is elsewhere on the student's machine and is here: the data at any path or URL, the CPU.

`worker` installs it before the student's first cell. It changes nothing that works here as it is,
and every repair leaves a note.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import glob
import io
import os
import pathlib
import re
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import torch
from IPython.core import interactiveshell

from autograder.contract import DATA_FILES

NOTES = 8  # that are kept of one run
_NAMES = {name.lower(): name for name in DATA_FILES}
_DEVICE = re.compile(r"\A(cuda|mps|xpu|hip)(?=\Z|:\d*\Z)")
_ELSEWHERE = re.compile(r"[/\\~]|[A-Za-z]:|\.\.")  # a folder that the notebook cannot make
_ASKS = ("autocast", "GradScaler", "startswith")  # what only asks for a device, or for its name
_ABSENT = (FileNotFoundError, NotADirectoryError, PermissionError)


class Surroundings:
    """Repairs of one run: the data lies in `folder`, and in `data` where nothing else does."""

    def __init__(self, folder: Path, data: Path, sources: Iterable[str]) -> None:
        self.folder, self.data = folder, data
        self.notes: list[str] = []
        self._folders = _folders_in(sources)
        self._undo = contextlib.ExitStack()
        self._exists: Callable[[Any], Any] = os.lstat

    def install(self) -> None:
        """Put the repairs in, until `remove`."""
        opened = self._opening(builtins.open)
        self._put(builtins, "open", opened)
        self._put(io, "open", opened)
        if hasattr(interactiveshell, "io_open"):  # what `open` is in a cell
            self._put(interactiveshell, "io_open", opened)
        for name in ("stat", "lstat", "listdir", "scandir"):
            repaired = self._repaired(getattr(os, name), listing=name in ("listdir", "scandir"))
            self._put(os, name, repaired)
            for owner in _keepers():
                if name in vars(owner):
                    self._put(owner, name, staticmethod(repaired))
        for owner in _keepers():
            if "open" in vars(owner):
                self._put(owner, "open", staticmethod(opened))
        for name in ("glob", "rglob"):
            self._put(pathlib.Path, name, self._globbing(getattr(pathlib.Path, name)))
        self._put(os, "access", self._accessing(os.access))
        self._put(urllib.request, "urlopen", self._fetching(urllib.request.urlopen))
        with contextlib.suppress(ImportError):
            from requests.adapters import HTTPAdapter

            self._put(HTTPAdapter, "send", self._sending(HTTPAdapter.send))
        if not torch.cuda.is_available():
            self._put(torch, "set_default_device", _only_one_device(torch.set_default_device))

    def remove(self) -> None:
        """Take them out again."""
        self._undo.close()

    def _put(self, owner: Any, name: str, value: Any) -> None:
        before = vars(owner)[name]
        setattr(owner, name, value)
        self._undo.callback(setattr, owner, name, before)

    def say(self, note: str) -> None:
        """Keep a note, once."""
        if note not in self.notes and len(self.notes) < NOTES:
            self.notes.append(note)

    def find(self, path: Any, listing: bool = False) -> Path | None:
        """Where what a path of another machine means is here; None where it is nothing of ours."""
        if not isinstance(path, str | os.PathLike):
            return None
        text = os.fspath(path)
        if not isinstance(text, str):
            return None
        parts = [part for part in re.split(r"[/\\]", text) if part]
        name = parts[-1] if parts else ""
        if name.lower() in _NAMES:
            right = _NAMES[name.lower()]
            places = [place / right for place in (self.folder, self.data)]
            return next((place for place in places if self._there(place)), None)
        if name.lower().endswith(".zip") and not text.startswith((sys.prefix, sys.base_prefix)):
            return self._archive()
        elsewhere = bool(_ELSEWHERE.match(text)) and text.rstrip("/\\") in self._folders
        return self.data if listing or elsewhere else None

    def _there(self, path: Path) -> bool:
        try:
            self._exists(path)
        except OSError:
            return False
        return True

    def _archive(self) -> Path:
        """The data as a zip, as it is downloaded."""
        path = self.data / "data.zip"
        if not self._there(path):
            with zipfile.ZipFile(path, "w") as packed:
                for name in DATA_FILES:
                    if self._there(self.data / name):
                        packed.write(self.data / name, name)
        return path

    def _opening(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def opened(file: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return original(file, *args, **kwargs)
            except _ABSENT:
                mode = str(args[0] if args else kwargs.get("mode", "r"))
                found = None if set(mode) & set("wax+") else self.find(file)
                if found is None or not found.is_file():
                    raise
            self.say(f"the data was looked for at {file}, and found beside the notebook")
            return original(found, *args, **kwargs)

        return opened

    def _repaired(self, original: Callable[..., Any], listing: bool) -> Callable[..., Any]:
        @functools.wraps(original)
        def looked(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
            try:
                return original(path, *args, **kwargs)
            except _ABSENT:
                found = self.find(path, listing)
                if found is None:
                    raise
            return original(found, *args, **kwargs)

        return looked

    def _globbing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def globbed(folder: Path, *args: Any, **kwargs: Any) -> Any:
            found = None if self._there(folder) else self.find(folder, listing=True)
            return original(folder if found is None else found, *args, **kwargs)

        return globbed

    def _accessing(self, original: Callable[..., bool]) -> Callable[..., bool]:
        @functools.wraps(original)
        def access(path: Any, mode: int, **kwargs: Any) -> bool:
            found = None if original(path, os.F_OK) or mode & os.W_OK else self.find(path)
            return original(path if found is None else found, mode, **kwargs)

        return access

    def _fetched(self, url: Any) -> Path | None:
        """The data that a URL leads to, which is already here."""
        address = urlsplit(str(getattr(url, "full_url", url)))
        if address.scheme not in ("http", "https", "ftp"):
            return None
        found = self.find(unquote(address.path))
        if found is None or not found.is_file():
            return None
        self.say(f"the data was not fetched from {address.netloc}: it lies here already")
        return found

    def _fetching(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def urlopen(url: Any, *args: Any, **kwargs: Any) -> Any:
            found = self._fetched(url)
            return original(url if found is None else found.as_uri(), *args, **kwargs)

        return urlopen

    def _sending(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def send(adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            found = self._fetched(request.url)
            if found is None:
                return original(adapter, request, *args, **kwargs)
            import requests

            answer = requests.Response()
            answer.status_code, answer.url, answer.request = 200, request.url, request
            answer.raw = found.open("rb")
            return answer

        return send


def _keepers() -> list[type]:
    """Classes of the library that keep functions of `os` for themselves, in some versions."""
    found: list[type] = [
        cls
        for cls in vars(glob).values()
        if isinstance(cls, type) and "scandir" in vars(cls) and "lstat" in vars(cls)
    ]
    accessor = getattr(pathlib, "_NormalAccessor", None)
    return found + ([accessor] if accessor else [])


def _only_one_device(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def set_default_device(device: Any) -> None:
        """There is the CPU only, which is the default as it is."""

    return set_default_device


def _folders_in(sources: Iterable[str]) -> set[str]:
    """Folders that the cells name before a file of the data, in one string."""
    files = "|".join(re.escape(name) for name in DATA_FILES)
    named = re.compile(rf"""["']([^"'\n]{{1,300}})[/\\]+(?:{files})["']""", re.I)
    return {name.rstrip("/\\") for source in sources for name in named.findall(source[:50_000])}


class OnTheCpu(ast.NodeTransformer):
    """A device that is not here becomes the CPU: `"cuda"`, `"mps:0"`, `.cuda()`."""

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        self._say = say

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A question about a device stays as it is."""
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """The name of a device, as a whole."""
        found = _DEVICE.match(node.value) if isinstance(node.value, str) else None
        if not found or _is_here(found.group(1)):
            return node
        self._say(f"{node.value!r} is not there where this was graded: run on the CPU")
        whole = str(node.value)[found.end() :]  # of an f-string only the part before the number
        return ast.copy_location(ast.Constant("cpu:" if whole == ":" else "cpu"), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`tensor.cuda()` and `model.cuda()`."""
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in _ASKS:
            return node
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and name in ("cuda", "xpu") and not _is_here(name):
            self._say(f".{name}() is not there where this was graded: run on the CPU")
            function = ast.copy_location(ast.Attribute(node.func.value, "cpu", ast.Load()), node)
            return ast.copy_location(ast.Call(function, [], []), node)
        return node


@functools.cache
def _is_here(device: str) -> bool:
    if device == "mps":
        return torch.backends.mps.is_available()
    return device in ("cuda", "hip") and torch.cuda.is_available()
