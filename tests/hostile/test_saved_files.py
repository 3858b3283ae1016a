"""Damaged files: the same fit, or one sentence; bounded time and memory."""

from __future__ import annotations

import json
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import bayesmixed as bm
from bayesmixed.errors import ConvergenceWarning, FileError
from bayesmixed.posterior.archive import NAMES, frame_from_bytes

from .files import Members, original, put_together, same, taken_apart, verdict
from .formulas import in_time
from .frames import check_sentence


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bm.MixedFit]:
    """A fit and the bytes of its file."""
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), draws=40, chains=2, adapt=False)
    path = tmp_path_factory.mktemp("fit") / "fit"
    fit.save(path)
    return path.read_bytes(), fit


def outcome(path: Path, content: bytes, fit: bm.MixedFit) -> str:
    path.write_bytes(content)
    try:
        with in_time(60):
            loaded = bm.load(path)
    except FileError as error:
        check_sentence(error)
        return "refused"
    assert loaded.formula == fit.formula
    assert loaded.run == fit.run
    np.testing.assert_array_equal(loaded.draws["posterior"]["sigma"], fit.draws["posterior"]["sigma"])
    assert str(loaded) == str(fit)
    return "loaded"


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_every_byte_matters_or_does_not(flip: int, saved: tuple[bytes, bm.MixedFit], tmp_path: Path) -> None:
    content, fit = saved
    offsets = [*range(flip % 7, len(content) - 2000, 997), *range(len(content) - 2000, len(content), 53)]
    found = []
    for offset in offsets:
        damaged = bytearray(content)
        damaged[offset] ^= flip
        found.append(outcome(tmp_path / "fit", bytes(damaged), fit))
    assert found.count("refused") > 0.5 * len(found)


def test_pieces_cut_out_put_in_or_doubled_are_noticed(
    saved: tuple[bytes, bm.MixedFit], tmp_path: Path
) -> None:
    content, fit = saved
    rng = np.random.default_rng(6)
    for _ in range(15):
        start, end = sorted(rng.integers(0, len(content), 2).tolist())
        for damaged in (
            content[:start] + content[end:],
            content[:start] + rng.bytes(30) + content[start:],
            content[:end] + content[start:],
            content[:start] + bytes(end - start) + content[end:],
        ):
            assert damaged == content or outcome(tmp_path / "fit", damaged, fit) in ("refused", "loaded")


def rewritten(content: bytes, change: Callable[[Members], None]) -> bytes:
    """The file with changed members and digests that hold."""
    members = taken_apart(content)
    change(members)
    return put_together(members)


def in_json(old: str, new: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        text = members["fit.json"].decode()
        assert old in text
        members["fit.json"] = text.replace(old, new).encode()

    return change


def header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def with_arrays(data: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members |= {name: data for name in members if name.endswith(".npy")}

    return change


FORGED: dict[str, Callable[[Members], None]] = {
    "no frame": lambda members: members.__delitem__("frame.arrow"),
    "frame of nothing": lambda members: members.update({"frame.arrow": b""}),
    "frame of noise": lambda members: members.update({"frame.arrow": bytes(range(256)) * 9}),
    "no JSON": lambda members: members.update({"fit.json": b"{"}),
    "deep JSON": lambda members: members.update({"fit.json": b"[" * 200_000}),
    "JSON of another shape": lambda members: members.update({"fit.json": b"[1, 2]"}),
    "huge array": with_arrays(header("(99999999999999,)")),
    "huge array of nothing": with_arrays(header("(99999999999999, 0)")),
    "negative shape": with_arrays(header("(-1,)")),
    "objects": with_arrays(header("(1,)", "|O") + b"cos\nsystem\n(S'ls'\ntR."),
    "no array": with_arrays(b"\x93NUMPY"),
    "another formula": in_json("Yield ~ 1 + (1 | Batch)", "Nothing ~ 1 + (1 | Batch)"),
    "no formula": in_json("Yield ~ 1 + (1 | Batch)", "$"),
    "formula of other coefficients": in_json("Yield ~ 1 +", "Yield ~ 0 +"),
    "formula of another response": in_json("Yield ~ 1", "log(Yield) ~ 1"),
    "unknown prior": in_json('["Normal"', '["__class__"'),
    "prior of a correlation": in_json('["Normal"', '["LKJ"'),
    "prior without its arguments": in_json('{"mu": ', '{"nu": '),
    "prior of a negative scale": in_json('"sigma": ', '"sigma": -'),
    "unknown family": in_json('["name", "gaussian"]', '["name", "os.system"]'),
    "family of another distribution": in_json('["distribution", "Normal"]', '["distribution", "Cauchy"]'),
    "family of another link": in_json('["link", "identity"]', '["link", "log"]'),
    "another family": in_json('["name", "gaussian"]', '["name", "t"]'),
    "unknown engine": in_json('["engine", "collapsed"], ["plan"', '["engine", "exec"], ["plan"'),
    "draws that are a text": in_json('["draws", 40]', '["draws", "40"]'),
    "no standard deviation": in_json('"name": "sd_Batch"', '"name": "sd_Batsch"'),
    "other dimensions": in_json('"dims": ["chain", "draw"]', '"dims": ["draw", "chain"]'),
    "no observed rows": in_json('"path": "/observed_data"', '"path": "/observed"'),
    "unknown prior of a long name": in_json('["Normal"', f'["{"a" * 5000}"'),
    "negative number of rows": in_json('"n_dropped": 0', '"n_dropped": -1'),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_file_is_refused(case: str, saved: tuple[bytes, bm.MixedFit], tmp_path: Path) -> None:
    content, _ = saved
    (tmp_path / "fit").write_bytes(rewritten(content, FORGED[case]))
    with in_time(60), pytest.raises(FileError) as refusal:
        bm.load(tmp_path / "fit")
    check_sentence(refusal.value)


def test_a_zip_bomb_is_not_unpacked(saved: tuple[bytes, bm.MixedFit], tmp_path: Path) -> None:
    content, _ = saved
    bomb = rewritten(content, lambda members: members.update({"bomb": bytes(130_000_000)}))
    (tmp_path / "fit").write_bytes(bomb)
    tracemalloc.start()
    with in_time(60), pytest.raises(FileError, match="damaged or cut off"):
        bm.load(tmp_path / "fit")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000


def test_text_whose_offsets_lead_out_of_memory_is_refused() -> None:
    """pandas would end the process."""
    offsets = np.array([0, 2, 2_000_000_000, 6], dtype=np.int32)
    broken = pa.StringArray.from_buffers(3, pa.py_buffer(offsets), pa.py_buffer(b"aabbcc"))
    metadata = {NAMES: json.dumps({"columns": ["x"], "index": [None], "objects": [], "object_index": False})}
    sink = pa.BufferOutputStream()
    schema = pa.schema([("0", pa.string())], metadata=metadata)
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch([broken], schema=schema))
    with pytest.raises(pa.ArrowInvalid):
        frame_from_bytes(sink.getvalue().to_pybytes())


def test_changed_files_are_refused_or_whole(tmp_path: Path) -> None:
    """A slice of what ``make fuzz`` does ten thousand times."""
    first = original(tmp_path)
    found = Counter(verdict(first, seed, tmp_path / "changed").split()[-1] for seed in range(60))
    assert found["refused"] > 30


def test_a_file_that_is_not_changed_is_the_same(tmp_path: Path) -> None:
    first = original(tmp_path)
    (tmp_path / "again").write_bytes(put_together(taken_apart(first.content)))
    assert same(bm.load(tmp_path / "again"), first.fit)
