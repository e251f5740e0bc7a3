"""Downloads the archive over HTTP into a file, and names what went wrong in one line.

Called by `fetching`; the transfer itself is pooch's.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from course_data.archive import FetchError

URL = "https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip"
LARGEST = 64 * 1024 * 1024  # bytes; the archive is a few MB, so more than this is something else
_CHUNK = 4 * 1024
_BY_HAND = "or download it elsewhere and give it with --from-file."


class _Limited:
    """A file that refuses to grow beyond LARGEST."""

    def __init__(self, out: IO[bytes], url: str) -> None:
        self._out = out
        self._url = url
        self.size = 0

    def write(self, chunk: bytes) -> int:
        self.size += len(chunk)
        if self.size > LARGEST:
            raise FetchError(
                f"the server sent more than {LARGEST // 2**20} MB: this is not the archive",
                self._url,
                "Check --url.",
            )
        return self._out.write(chunk)

    def flush(self) -> None:
        self._out.flush()


def download(url: str, file: Path, progress: Any = None, timeout: float = 30.0) -> None:
    """Download a URL into a file.

    progress: an object in the manner of tqdm, or None. timeout: seconds, for the connection and for
    each read. Raises FetchError for what the network or the server did, OSError for what the disk
    did.
    """
    host = _host(url)
    import pooch
    import requests
    from urllib3.exceptions import HTTPError

    downloader = pooch.HTTPDownloader(
        progressbar=progress or False, chunk_size=_CHUNK, timeout=timeout
    )
    with file.open("wb") as out:
        limited = _Limited(out, url)
        try:
            downloader(url, limited, None)
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise _network_error(error, url, host, limited.size, timeout) from error


def _host(url: str) -> str:
    try:
        address = urlsplit(url)
        host = address.hostname if address.scheme in ("http", "https") else None
    except ValueError:
        host = None
    if not host:
        raise FetchError("not an http or https address", url, "Check --url.")
    return host


def _network_error(
    error: Exception, url: str, host: str, received: int, timeout: float
) -> FetchError:
    """What went wrong, in words. Stalls come first: requests can call them ConnectionError."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    inner = error.args[0] if error.args else None
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = f"{error.response.status_code} {error.response.reason or ''}".strip()
        return FetchError(f"the server answered {status}", url, f"Try again later, {_BY_HAND}")
    if isinstance(error, requests.ReadTimeout) or isinstance(inner, ReadTimeoutError):
        return FetchError(
            f"the server stalled: nothing for {timeout:g} s after {received:,} bytes",
            url,
            f"Try again, {_BY_HAND}",
        )
    if isinstance(error, requests.TooManyRedirects):
        return FetchError("the server redirects without end", url, f"Check --url, {_BY_HAND}")
    if isinstance(error, requests.exceptions.SSLError):
        return FetchError(
            f"no secure connection to {host}", url, f"Check the clock and the proxy, {_BY_HAND}"
        )
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or (
        isinstance(error, requests.ConnectionError) and received
    ):
        what = f"the download was cut short: the connection ended after {received:,} bytes"
        return FetchError(what, url, f"Try again, {_BY_HAND}")
    if isinstance(error, requests.ConnectionError):
        return FetchError(f"no connection to {host}", url, f"Check the network, {_BY_HAND}")
    return FetchError(f"the download failed: {type(error).__name__}", url, f"Try again, {_BY_HAND}")
