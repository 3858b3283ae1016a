"""Files that are almost saved fits: bits, pieces, fields and nesting changed, and what becomes of them."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import bayesmixed as bm
from bayesmixed.errors import ConvergenceWarning, FileError
from bayesmixed.posterior import archive
from bayesmixed.posterior.storage import FIT

from .formulas import in_time
from .frames import check_sentence

Members = dict[str, bytes]
HOSTILE_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2, 10**30, -(10**30), 0.5, 1e308, float("nan"), float("inf")),
    *("", "Yield", "Normal", "y ~ 1 + (1 | g)", "../x", "\x00", "\udc80", "a" * 5000),
    *(
        [],
        {},
        [[]],
        [None],
        {"tuple": []},
        {"dict": []},
        {"dict": [["a"]]},
        {"tuple": [1, 2]},
        ["Normal", {}],
    ),
)


@dataclass(frozen=True, slots=True)
class Original:
    """A fit and the bytes of its file."""

    content: bytes
    fit: bm.MixedFit


def original(folder: Path) -> Original:
    """A small fit that has nearly everything: weights, a slope, a prior of the user's, rows left out."""
    frame = bm.load_dataset("sleepstudy").iloc[:60].assign(w=1.5)
    frame.loc[3, "Reaction"] = np.nan
    priors = {"Days": bm.prior("StudentT", nu=4, mu=0, sigma=50)}
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        fit = bm.lmer(
            "Reaction ~ Days + (Days | Subject)",
            frame,
            weights="w",
            priors=priors,
            draws=8,
            chains=2,
            seed=1,
            adapt=False,
        )
    fit.save(folder / "fit")
    return Original((folder / "fit").read_bytes(), fit)


def taken_apart(content: bytes) -> Members:
    """Members of a file, without the manifest."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist() if name != archive.MANIFEST}


def put_together(
    members: Members, manifest: Callable[[dict[str, Any]], object] = lambda whole: whole
) -> bytes:
    """A file of members, with digests that hold unless the manifest is changed."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    changed = manifest({"format": archive.FORMAT, "version": archive.VERSION, "sha256": digests})
    text = changed if isinstance(changed, str) else json.dumps(changed)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in {archive.MANIFEST: text.encode("utf-8", "replace"), **members}.items():
            written.writestr(name, data)
    return out.getvalue()


def changed_bits(content: bytes, rng: np.random.Generator) -> bytes:
    """Bytes flipped, cut out, put in, doubled or zeroed."""
    start, end = sorted(rng.integers(0, len(content), 2).tolist())
    match int(rng.integers(6)):
        case 0:
            return content[:start]
        case 1:
            return content[:start] + content[end:]
        case 2:
            return content[:start] + rng.bytes(int(rng.integers(1, 40))) + content[start:]
        case 3:
            return content[:end] + content[start:]
        case 4:
            return content[:start] + bytes(end - start) + content[end:]
    flipped = bytearray(content)
    for position in rng.integers(0, len(content), int(rng.integers(1, 4))):
        flipped[position] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with every key of it, at any depth."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield node, key
        yield from places(value)


def changed_fields(record: Any, rng: np.random.Generator) -> Any:
    """A JSON value with one to three fields replaced, removed, doubled, swapped or wrapped."""
    record = copy.deepcopy(record)
    for _ in range(int(rng.integers(1, 4))):
        found = list(places(record))
        if not found:
            break
        node, key = found[int(rng.integers(len(found)))]
        other, other_key = found[int(rng.integers(len(found)))]
        match int(rng.integers(8)):
            case 0:
                del node[key]
            case 1 if isinstance(node, list):
                node.insert(key, copy.deepcopy(node[key]))
            case 2:
                node[key] = copy.deepcopy(other[other_key])
            case 3:
                for _ in range(int(rng.choice([1, 2, 90]))):
                    node[key] = [node[key]] if rng.integers(2) else {"tuple": [node[key]]}
            case 4 if isinstance(node[key], int | float):
                node[key] *= float(rng.choice([-1, 2, 1e9, 1.0001]))
            case 5 if isinstance(node[key], str):
                node[key] = node[key][: int(rng.integers(0, len(node[key]) + 1))] + str(
                    rng.choice(["", "x", "("])
                )
            case _:
                node[key] = HOSTILE_VALUES[int(rng.integers(len(HOSTILE_VALUES)))]
    return record


def nested(text: str, rng: np.random.Generator) -> str:
    """JSON with a value so deep that a parser or a visitor that calls itself breaks off."""
    depth = int(rng.choice([3, 60, 900, 5000, 100_000]))
    opening, closing = [("[", "]"), ('{"tuple": [', "]}"), ('{"a": ', "}")][int(rng.integers(3))]
    spots = [i for i, letter in enumerate(text) if letter in "[{"]
    at = spots[int(rng.integers(len(spots)))]
    return f"{text[:at]}{opening * depth}{text[at:]}{closing * depth}"


def changed_members(members: Members, rng: np.random.Generator) -> Members:
    """Members removed, emptied, swapped, added, or with other bits."""
    members = dict(members)
    names = list(members)
    one, other = (names[int(i)] for i in rng.integers(0, len(names), 2))
    match int(rng.integers(5)):
        case 0:
            del members[one]
        case 1:
            members[one] = b""
        case 2:
            members[one], members[other] = members[other], members[one]
        case 3:
            members["more.npy"] = members[one]
        case _:
            members[one] = changed_bits(members[one], rng)
    return members


def mutation(content: bytes, seed: int) -> tuple[str, bytes]:
    """One changed file, with what was changed."""
    rng = np.random.default_rng(seed)
    kind = ("bits", "fields", "nesting", "members", "manifest")[
        int(rng.choice(5, p=[0.2, 0.4, 0.1, 0.2, 0.1]))
    ]
    if kind == "bits":
        return kind, changed_bits(content, rng)
    members = taken_apart(content)
    if kind == "manifest":
        deep = bool(rng.integers(2))
        return kind, put_together(
            members, lambda whole: nested(json.dumps(whole), rng) if deep else changed_fields(whole, rng)
        )
    if kind == "members":
        return kind, put_together(changed_members(members, rng))
    text = members[FIT].decode()
    text = nested(text, rng) if kind == "nesting" else json.dumps(changed_fields(json.loads(text), rng))
    return kind, put_together({**members, FIT: text.encode("utf-8", "replace")})


def same(one: bm.MixedFit, other: bm.MixedFit) -> bool:
    """Whether two fits hold the same."""
    return one.draws.identical(other.draws) and one.run == other.run and str(one) == str(other)


def verdict(first: Original, seed: int, path: Path) -> str:
    """What became of a changed file: refused, the same fit, or another that is whole and answers."""
    kind, content = mutation(first.content, seed)
    path.write_bytes(content)
    with warnings.catch_warnings(action="ignore"):
        try:
            with in_time(60):
                loaded = bm.load(path)
        except FileError as error:
            check_sentence(error)
            return f"{kind} refused"
        if same(loaded, first.fit):
            return f"{kind} the same"
        assert kind not in ("bits", "manifest"), "the digests did not hold, and a fit came back"
        for answer in (loaded.fixef(), loaded.ranef(), loaded.coef(), loaded.varcorr(), loaded.icc()):
            assert len(answer)
        assert str(loaded)
        assert str(loaded.priors)
        again = path.with_suffix(".again")
        loaded.save(again)
        assert same(bm.load(again), loaded)
    return f"{kind} whole"
