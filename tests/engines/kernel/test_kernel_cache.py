"""The kernel runs whatever becomes of its cache: compiled around, told once, mended where it can be."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba import types

from bayesmixed.engines.kernel import compilation
from bayesmixed.engines.kernel.compilation import DIGEST_BYTES, VARIABLE, VERSIONS_KEPT, cache_folders, entry


def made(number: int) -> Any:
    """A small entry, compiled or read."""

    @entry(types.int64())
    def small():  # type: ignore[no-untyped-def]
        return number

    return small


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache of its own, in a session in which nothing was told yet."""
    monkeypatch.setattr(compilation, "_told", set())
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def only_file(folder: Path) -> Path:
    """The one file of a cache."""
    (path,) = folder.iterdir()
    return path


def flipped(position: int) -> Callable[[bytes], bytes]:
    """Change of one bit."""

    def flip(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[position] ^= 0x10
        return bytes(changed)

    return flip


def under_its_digest(payload: bytes) -> bytes:
    """A file that is whole, with something else in it."""
    return hashlib.sha256(payload).digest() + payload


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut in the digest": lambda content: content[:7],
    "cut after the digest": lambda content: content[:DIGEST_BYTES],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "cut at the end": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "zeros": lambda content: bytes(len(content)),
    "flipped digest": flipped(3),
    "flipped start": flipped(DIGEST_BYTES + 1),
    "flipped machine code": flipped(-2000),
    "flipped end": flipped(-1),
    "no pickle": lambda _: under_its_digest(b"anything"),
    "pickle of something else": lambda _: under_its_digest(b"N."),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_compiled_anew_and_replaced(
    damage: Callable[[bytes], bytes], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (made(41).ctypes(), made(41).cache_hits) == (41, 1)
    path = only_file(folder)
    path.write_bytes(damage(path.read_bytes()))
    anew, again = made(41), made(41)
    assert (anew.ctypes(), anew.cache_hits) == (41, 0)
    assert (again.ctypes(), again.cache_hits) == (41, 1)
    assert only_file(folder) == path
    assert capsys.readouterr().err == ""


def test_only_who_compiles_is_told_to_wait(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However long the machine takes to read."""
    monkeypatch.setattr(compilation, "PATIENCE", 0.0)
    made(8)
    assert capsys.readouterr().err == f"{compilation.NOTICE}\n"
    monkeypatch.setattr(compilation, "_told", set())
    assert made(8).cache_hits == 1
    assert only_file(folder)
    assert capsys.readouterr().err == ""


def fails(code: int) -> Callable[..., Any]:
    """A call that the system refuses."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


def half_written(path: Path, data: bytes) -> int:
    """A write to a disk that is full in the middle."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


UNWRITABLE: dict[str, tuple[str, Callable[..., Any], str]] = {
    "read-only disk": ("mkdir", fails(errno.EROFS), "Read-only file system"),
    "folder of another user": ("write_bytes", fails(errno.EACCES), "Permission denied"),
    "full disk": ("write_bytes", half_written, "No space left on device"),
    "no more quota": ("write_bytes", fails(errno.EDQUOT), "quota"),
}


@pytest.mark.parametrize(("call", "refusal", "reason"), UNWRITABLE.values(), ids=UNWRITABLE)
def test_without_a_place_to_keep_it_the_kernel_is_compiled_and_that_is_said_once(
    call: str,
    refusal: Callable[..., Any],
    reason: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Path, call, refusal)
    assert [made(number).ctypes() for number in (1, 2, 3)] == [1, 2, 3]
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    for piece in (str(folder), reason, VARIABLE, "compiles it again"):
        assert piece in told
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_place_below_a_file_is_told_with_its_reason(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "cache"))
    assert made(5).ctypes() == 5
    assert "Not a directory" in capsys.readouterr().err
    assert not folder.exists()


def test_a_file_that_cannot_be_read_is_as_good_as_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(6)
    monkeypatch.setattr(Path, "read_bytes", fails_for(".nbc"))
    anew = made(6)
    assert (anew.ctypes(), anew.cache_hits) == (6, 0)
    assert only_file(folder)


def fails_for(suffix: str) -> Callable[[Path], bytes]:
    """Reading that the disk refuses for files of one kind."""
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.suffix == suffix:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(path)

    return refuse


def test_without_a_home_the_folder_of_the_package_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").write_text("a file")
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "")
    for variable in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setattr(compilation, "__file__", str(tmp_path / "package" / "compilation.py"))
    assert made(7).ctypes() == 7
    assert made(7).cache_hits == 1
    assert capsys.readouterr().err == ""
    assert only_file(tmp_path / "package" / "__pycache__").suffix == ".nbc"


@pytest.mark.parametrize("variable", [VARIABLE, "NUMBA_CACHE_DIR"])
def test_a_variable_names_the_folder(variable: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    code = "from bayesmixed.engines.kernel.compilation import cache_folders; print(*cache_folders())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, variable: str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path}\n"


def test_our_variable_goes_before_numbas_and_knows_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "elsewhere")
    monkeypatch.setenv(VARIABLE, "~/kernels")
    assert cache_folders() == (Path("~/kernels").expanduser(),)


def test_versions_that_are_long_out_of_use_are_removed(folder: Path) -> None:
    for number in range(VERSIONS_KEPT + 3):
        made(number)
        for age, path in enumerate(sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)):
            os.utime(path, (age, age))
    assert len(list(folder.iterdir())) == VERSIONS_KEPT
    assert made(VERSIONS_KEPT + 2).cache_hits == 1
    assert made(0).cache_hits == 0


AT_ONCE = """
import sys
from numba import types
from bayesmixed.engines.kernel.compilation import entry
print("ready", flush=True)
sys.stdin.readline()

def made(number):
    @entry(types.double(types.double))
    def small(x):
        return x * x + number
    return small

print(made(1).ctypes(1.5), made(2).ctypes(1.5))
"""


@pytest.mark.slow
def test_processes_that_begin_at_once_agree(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "at_once.py").write_text(AT_ONCE)
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, tmp_path / "at_once.py"], **pipes) for _ in range(10)]
    assert [process.stdout.readline() for process in running] == ["ready\n"] * 10
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate() for process in running] == [("3.25 4.25\n", None)] * 10
    assert [path.suffix for path in folder.iterdir()] == [".nbc"] * 2


REML = """
import bayesmixed as bm
fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml")
print(f"{fit.sigma:.2f}")
"""


@pytest.mark.slow
def test_a_reml_fit_needs_no_cache(tmp_path: Path) -> None:
    """The residual standard deviation is lme4's, 49.51."""
    (tmp_path / "file").write_text("")
    environment = {**os.environ, VARIABLE: str(tmp_path / "file" / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", REML], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "49.51\n"
    assert done.stderr.count("cannot be kept") == 1
    assert "Traceback" not in done.stderr
