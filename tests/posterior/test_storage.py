from __future__ import annotations

import errno
import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import FileError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior import archive
from bayesmixed.posterior.archive import read_archive, write_archive
from bayesmixed.posterior.diagnostics import diagnose
from bayesmixed.posterior.storage import FIT, SavedFit, read_fit, write_fit
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed.tables.summary_parts import summary_parts

ODD_LABELS = ["a:b", "c/d", "e|f", "g[h]", 'i"j', "k\\l", "", " ", "ü ±", "\udc80", "../x"]


def saved_fit(frame: pd.DataFrame | None = None, levels: list[str] = ODD_LABELS) -> SavedFit:
    """A small fit with draws that decimal text would not keep."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"y": rng.normal(size=5), "g": list("ababa")}) if frame is None else frame
    axes = {"chain": np.arange(2), "draw": np.arange(3)}
    posterior = xr.Dataset(
        {
            "beta": (("chain", "draw", "term"), rng.normal(size=(2, 3, 2)) / 3),
            "sigma": (("chain", "draw"), rng.exponential(size=(2, 3)) * 1e-300),
            "ranef_a:b": (("chain", "draw", "a:b", "a:b_effect"), rng.normal(size=(2, 3, len(levels), 1))),
        },
        coords={**axes, "term": ["Intercept", "x"], "a:b": levels, "a:b_effect": ["Intercept"]},
    )
    statistics = {
        "diverging": rng.random((2, 3)) < 0.5,
        "n_steps": rng.integers(0, 9, (2, 3)).astype(np.int32),
    }
    observed = xr.Dataset(
        {"y": (("row",), rng.normal(size=len(frame)))}, coords={"row": np.asarray(frame.index)}
    )
    tree = {
        "/": xr.Dataset(attrs={"formula": "y ~ x", "seed": 3, "plan": ("integrated", "g"), "none": None}),
        "/posterior": posterior,
        "/sample_stats": xr.Dataset({k: (("chain", "draw"), v) for k, v in statistics.items()}, coords=axes),
        "/observed_data": observed,
    }
    half_t = Prior("HalfStudentT", {"nu": 3, "sigma": 1 / 3})
    return SavedFit(
        formula="y ~ x + (1 | a:b)",
        frame=frame,
        weights=rng.random(len(frame)),
        priors=PriorSet(
            coefficients=(Prior("Normal", {"mu": 0.1, "sigma": 1e-9}), Prior("Flat")),
            sd=((half_t,), (half_t, half_t)),
            correlation=({}, {"us": Prior("LKJ", {"eta": 2})}),
            parameters={"sigma": half_t},
            user=frozenset({"x", "sd_g"}),
        ),
        draws=xr.DataTree.from_dict(tree),
        run=RunInfo(
            engine="collapsed",
            plan=("g is integrated",),
            draws=3,
            tune=5,
            chains=2,
            thin=1,
            seed=7,
            seconds=0.1,
            versions={"numpy": "2"},
        ),
        n_dropped=3,
    )


def assert_same(one: SavedFit, other: SavedFit) -> None:
    """Equal in every part, draws bit for bit."""
    assert one.formula == other.formula
    assert one.priors == other.priors
    assert one.run == other.run
    assert one.n_dropped == other.n_dropped
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True, check_freq=False)
    if one.weights is None or other.weights is None:
        assert one.weights is other.weights
    else:
        np.testing.assert_array_equal(one.weights, other.weights, strict=True)
    assert [node.path for node in one.draws.subtree] == [node.path for node in other.draws.subtree]
    for node, twin in zip(one.draws.subtree, other.draws.subtree, strict=True):
        a, b = node.to_dataset(inherit=False), twin.to_dataset(inherit=False)
        assert a.attrs == b.attrs
        assert list(a.variables) == list(b.variables)
        for name in a.variables:
            assert a[name].dims == b[name].dims
            np.testing.assert_array_equal(a[name].to_numpy(), b[name].to_numpy(), strict=True)


def roundtrip(saved: SavedFit, folder: Path) -> SavedFit:
    """Fit that comes back from a file."""
    write_fit(folder / "fit.bayesmixed", saved)
    return read_fit(folder / "fit.bayesmixed")


@pytest.mark.parametrize(
    "change", [{}, {"weights": None}, {"priors": replace(saved_fit().priors, user=frozenset())}]
)
def test_a_fit_comes_back_the_same(change: dict[str, Any], tmp_path: Path) -> None:
    saved = replace(saved_fit(), **change)
    assert_same(roundtrip(saved, tmp_path), saved)


def test_a_file_that_knows_one_structure_is_read(tmp_path: Path) -> None:
    path, saved = tmp_path / "fit.bayesmixed", saved_fit()
    write_fit(path, saved)
    members = read_archive(path)
    record = json.loads(members[FIT])
    record["priors"]["correlation"] = [None, ["LKJ", {"eta": 2.0}]]
    write_archive(path, members | {FIT: json.dumps(record).encode()})
    assert read_fit(path).priors == saved.priors


def test_a_file_of_the_first_version_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, saved = tmp_path / "fit.bayesmixed", saved_fit()
    write_fit(path, saved)
    members = read_archive(path)
    record = json.loads(members[FIT])
    del record["priors"]["others"]
    with monkeypatch.context() as older:
        older.setattr(archive, "VERSION", 1)
        write_archive(path, members | {FIT: json.dumps(record).encode()})
    assert_same(read_fit(path), saved)


def test_several_formulas_and_their_priors_come_back(tmp_path: Path) -> None:
    half_t = Prior("HalfStudentT", {"nu": 3, "sigma": 1 / 3})
    sigma = PriorSet(coefficients=(Prior("Flat"),), sd=((half_t,),), correlation=({},))
    priors = replace(saved_fit().priors, parameters={"ar": Prior("Normal", {"mu": 0, "sigma": 0.5})})
    saved = replace(
        saved_fit(),
        formula=("y ~ x + (1 | a:b) + ar(gr=b)", "sigma ~ 1 + (1 | a)"),
        priors=replace(priors, others={"sigma": sigma}),
    )
    assert_same(roundtrip(saved, tmp_path), saved)


def test_types_of_attributes_come_back(tmp_path: Path) -> None:
    attrs = roundtrip(saved_fit(), tmp_path).draws.attrs
    assert attrs == {"formula": "y ~ x", "seed": 3, "plan": ("integrated", "g"), "none": None}


def test_the_summary_of_a_loaded_fit_is_the_same(
    frame: pd.DataFrame,
    spec_of: Callable[..., ModelSpec],
    random_draws_of: Callable[[ModelSpec], xr.DataTree],
    tmp_path: Path,
) -> None:
    frame.loc[[3, 40], "x"] = np.nan
    spec = spec_of("y ~ x + (x | g) + (1 | h)", {"x": Prior("Normal", {"mu": 0, "sigma": 9})}, weights="w")
    draws, run = random_draws_of(spec), saved_fit().run
    saved = SavedFit(
        formula=spec.design.formula.text,
        frame=spec.design.frame,
        weights=spec.design.weights,
        priors=spec.priors,
        draws=draws,
        run=run,
        n_dropped=spec.design.n_dropped,
    )
    loaded = roundtrip(saved, tmp_path)
    printed = summary_parts(loaded.draws, loaded.spec(), loaded.run, diagnose(loaded.draws).table()).text()
    assert "2 rows were left out because a value is missing." in printed
    assert printed == summary_parts(draws, spec, run, diagnose(draws).table()).text()


N = 4
FRAMES = {
    "integers": pd.DataFrame({"x": np.arange(N, dtype=np.int8)}, index=[7, 3, 3, 1]),
    "range": pd.DataFrame({"x": range(N)}, index=pd.RangeIndex(3, 3 + 2 * N, 2)),
    "texts": pd.DataFrame({"x": ["a", None, "c/d", ""]}, index=pd.Index(list("wxyz"), name="row")),
    "objects": pd.DataFrame({"x": pd.Series(["a", np.nan, "b", "c"], dtype=object), "b": [True, None] * 2}),
    "object index": pd.DataFrame({"x": range(N)}, index=pd.Index(list("wxyz"), dtype=object)),
    "categories": pd.DataFrame(
        {"x": pd.Categorical(list("bbab"), categories=["b", "a", "unseen"], ordered=True)}
    ),
    "integer categories": pd.DataFrame({"x": pd.Categorical([3, 1, 3, 1], categories=[3, 1, 2])}),
    "dates": pd.DataFrame(
        {"x": [1.5, np.nan, np.inf, -0.0]}, index=pd.date_range("2020", periods=N, tz="Asia/Tokyo")
    ),
    "levels": pd.DataFrame(
        {"x": range(N)}, index=pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["u", None])
    ),
    "category index": pd.DataFrame({"x": range(N)}, index=pd.CategoricalIndex(list("abab"))),
    "nullable": pd.DataFrame(
        {"x": pd.array([1, None, 3, 4], dtype="Int32"), "b": pd.array([True, None] * 2, dtype="boolean")}
    ),
    "odd names": pd.DataFrame({name: range(N) for name in [*ODD_LABELS[:-2], "index", "0"]}),
    "names that are no texts": pd.DataFrame({0: range(N), "a": range(N), ("t", 1): range(N)}),
    "float32": pd.DataFrame({"x": np.arange(N, dtype=np.float32) / 3}),
    "attributes": pd.DataFrame({"x": range(N)}),
}
FRAMES["attributes"].attrs["anything"] = object()


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_frames_keep_types_categories_and_index(frame: pd.DataFrame, tmp_path: Path) -> None:
    saved = saved_fit(frame)
    assert_same(roundtrip(saved, tmp_path), saved)


REFUSED = {
    "mixed column": (pd.DataFrame({"fine": [1, 2], "mixed": [1, "a"]}), "'mixed'"),
    "objects": (pd.DataFrame({"fine": [1, 2], "thing": [object(), object()]}), "'thing'"),
    "whole numbers and none": (pd.DataFrame({"n": pd.Series([1, None], dtype=object)}), "'n'"),
    "complex": (pd.DataFrame({"z": [1j, 2j]}), "'z'"),
    "mixed index": (pd.DataFrame({"fine": [1, 2]}, index=pd.Index([1, "a"])), "index"),
}


@pytest.mark.parametrize(("frame", "named"), REFUSED.values(), ids=REFUSED)
def test_what_would_not_come_back_is_refused_by_name(frame: pd.DataFrame, named: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=named):
        write_fit(tmp_path / "fit", saved_fit(frame))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_pickled(tmp_path: Path) -> None:
    write_fit(tmp_path / "fit", saved_fit())
    with zipfile.ZipFile(tmp_path / "fit") as opened:
        for name in opened.namelist():
            if name.endswith(".npy"):
                with opened.open(name) as member:
                    array = np.lib.format.read_array(member, allow_pickle=False)
                assert not array.dtype.hasobject


def test_the_same_fit_gives_the_same_bytes(tmp_path: Path) -> None:
    write_fit(tmp_path / "one", saved_fit())
    write_fit(tmp_path / "two", saved_fit())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


OURS = (
    r"^'[^']+' is (damaged or cut off; save the fit again, or take another copy"
    r"|damaged: its parts are not those that were written; save the fit again, or take another copy"
    r"|not a saved fit( of this version)?; fits are written by fit\.save\(path\)"
    r"|.* has version .*)\.$"
)
"""What the message may say, in our words alone."""


def identical_or_refused(path: Path, content: bytes, saved: SavedFit) -> bool:
    """Whether damaged content is refused; when it is read, it must be the same fit."""
    path.write_bytes(content)
    message = ""
    try:
        found = read_fit(path)
    except FileError as error:
        message = str(error)
    if not message:
        assert_same(found, saved)
        return False
    assert re.match(OURS, message), message
    return True


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_changed_byte_is_noticed_or_harmless(flip: int, tmp_path: Path) -> None:
    saved = saved_fit()
    path = tmp_path / "fit"
    write_fit(path, saved)
    content = path.read_bytes()
    refused = 0
    offsets = range(0, len(content), 7)
    for offset in offsets:
        damaged = bytearray(content)
        damaged[offset] ^= flip
        refused += identical_or_refused(path, bytes(damaged), saved)
    assert refused > 0.5 * len(offsets)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    saved = saved_fit()
    path = tmp_path / "fit"
    write_fit(path, saved)
    content = path.read_bytes()
    for length in [*range(0, len(content), 29), len(content) - 1]:
        assert identical_or_refused(path, content[:length], saved)


FOREIGN = {
    "empty": b"",
    "text": b"y,x\n1,2\n",
    "start of a zip": b"PK\x03\x04",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_foreign_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "fit").write_bytes(content)
    with pytest.raises(FileError, match=OURS):
        read_fit(tmp_path / "fit")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"format": "something else"}, "not a saved fit"),
        ({"format": archive.FORMAT, "version": 99, "sha256": {}}, "version 99"),
        ({"format": archive.FORMAT, "version": archive.VERSION, "sha256": {"a": ""}}, "damaged"),
        (
            {"format": archive.FORMAT, "version": archive.VERSION, "sha256": {}},
            "not a saved fit of this version",
        ),
        (["a list"], "not a saved fit"),
        ({"format": archive.FORMAT, "version": archive.VERSION}, "not a saved fit"),
        ({"format": archive.FORMAT, "version": archive.VERSION, "sha256": ["a"]}, "not a saved fit"),
        ({"format": archive.FORMAT, "version": ["1"], "sha256": {}}, "not a saved fit"),
        ({"format": archive.FORMAT, "sha256": {}}, "not a saved fit"),
    ],
)
def test_foreign_zip_files_are_refused(manifest: Any, message: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "fit", "w") as opened:
        opened.writestr(archive.MANIFEST, json.dumps(manifest))
    with pytest.raises(FileError, match=message):
        read_fit(tmp_path / "fit")


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"format":' * 100_000, "\udcff".encode("utf-8", "surrogatepass")]
)
def test_a_manifest_that_is_no_json_is_refused(text: str | bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "fit", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(archive.MANIFEST, text)
    with pytest.raises(FileError, match="not a saved fit"):
        read_fit(tmp_path / "fit")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere.*No such file"):
        read_fit(tmp_path / "nowhere")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere.*cannot be written"):
        write_fit(tmp_path / "nowhere" / "fit", saved_fit())


@pytest.mark.parametrize("moment", ["_write_zip", "fsync", "replace"])
def test_an_interrupted_save_leaves_the_old_file(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fit"
    write_fit(path, saved_fit())
    before = path.read_bytes()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archive if moment == "_write_zip" else os, moment, interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_fit(path, replace(saved_fit(), formula="other"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "fit")
    write_fit(tmp_path / "link", saved_fit())
    assert (tmp_path / "link").is_symlink()
    assert_same(read_fit(tmp_path / "fit"), saved_fit())


def mode(path: Path) -> int:
    """Permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A process whose new files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")


@POSIX
@pytest.mark.usefixtures("open_umask")
def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_fit(tmp_path / "fit", saved_fit())
    assert mode(tmp_path / "fit") == 0o600


@POSIX
@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o664, 0o444])
def test_a_replaced_file_keeps_its_permissions(permissions: int, tmp_path: Path) -> None:
    (tmp_path / "fit").touch()
    (tmp_path / "fit").chmod(permissions)
    write_fit(tmp_path / "fit", saved_fit())
    assert mode(tmp_path / "fit") == permissions
    assert_same(read_fit(tmp_path / "fit"), saved_fit())


@POSIX
def test_a_replaced_file_keeps_its_owner_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fit").touch()
    owner = (tmp_path / "fit").stat()
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _, uid, gid: given.append((uid, gid)))
    write_fit(tmp_path / "fit", saved_fit())
    assert given == [(owner.st_uid, owner.st_gid)]


@POSIX
@pytest.mark.parametrize("through", ["itself", "a link"])
def test_what_is_no_file_is_neither_replaced_nor_read(through: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    path = tmp_path / ("pipe" if through == "itself" else "link")
    with pytest.raises(FileError, match="a device, a pipe or the like, not a file"):
        write_fit(path, saved_fit())
    with pytest.raises(FileError, match="a device, a pipe or the like, not a file"):
        read_fit(path)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert {entry.name for entry in tmp_path.iterdir()} == {"pipe", "link"}


@POSIX
def test_a_device_stays_a_device() -> None:
    with pytest.raises(FileError, match="not a file"):
        write_fit(os.devnull, saved_fit())
    with pytest.raises(FileError, match="not a file"):
        read_fit("/dev/zero")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (".", "it is a folder"),
        ("file/fit", "Not a directory"),
        ("a\0b", "null"),
        ("f" * 300, "name too long"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(place: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=f"cannot be written: .*{reason}"):
        write_fit(tmp_path / place, saved_fit())
    with pytest.raises(FileError, match="cannot be read"):
        read_fit(tmp_path / place)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fit"
    write_fit(path, saved_fit())
    before = path.read_bytes()

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    changed = replace(saved_fit(), formula="other")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(FileError, match="No space left on device"):
        write_fit(path, changed)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
