"""Bundled data sets against the registry, against R's own files, and against the user's typing."""

from __future__ import annotations

import gzip
import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmixed.datasets import datasets, describe_dataset, load_dataset
from bayesmixed.errors import DataError

NAMES = tuple(datasets()["name"])
SHARED_FILES = {
    "sleepstudy": "sleepstudy.csv",
    "Penicillin": "penicillin.csv",
    "Pastes": "pastes.csv",
    "Dyestuff": "dyestuff.csv",
    "Dyestuff2": "dyestuff2.csv",
    "cake": "cake.csv",
    "cbpp": "cbpp.csv",
    "VerbAgg": "verbagg.csv.gz",
    "InstEval": "insteval.csv.gz",
    "grouseticks": "grouseticks.csv",
}
EXPECTED_NAMES = {*SHARED_FILES, "bdf", "eight_schools", "bcg", "Orthodont", "Ovary"}


def test_every_promised_data_set_is_bundled() -> None:
    assert set(NAMES) == EXPECTED_NAMES


def test_no_file_is_bundled_without_a_record() -> None:
    bundled = {entry.name for entry in (files("bayesmixed.datasets") / "data").iterdir()}
    assert bundled == {describe_dataset(name).file for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
class TestRegistry:
    def test_file_has_the_registered_checksum(self, name: str) -> None:
        info = describe_dataset(name)
        content = (files("bayesmixed.datasets") / "data" / info.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == info.sha256

    def test_frame_has_the_registered_shape_and_types(self, name: str) -> None:
        info, frame = describe_dataset(name), load_dataset(name)
        kinds = {
            "float": "float64",
            "int": "int64",
            "label": "str",
            "factor": "category",
            "ordered": "category",
        }
        assert len(frame) == info.rows
        assert list(frame.columns) == [column.name for column in info.columns]
        assert [str(dtype) for dtype in frame.dtypes] == [kinds[column.type] for column in info.columns]

    def test_nothing_is_missing(self, name: str) -> None:
        frame = load_dataset(name)
        assert not frame.isna().any(axis=None)
        assert not (frame.select_dtypes("str") == "").any(axis=None)

    def test_categories_are_r_s_and_all_observed(self, name: str) -> None:
        frame = load_dataset(name)
        for column in (column for column in describe_dataset(name).columns if column.levels):
            values = frame[column.name]
            assert tuple(values.cat.categories) == column.levels
            assert set(values) == set(column.levels)
            assert values.cat.ordered is (column.type == "ordered")

    def test_grouping_factors_are_columns_of_labels(self, name: str) -> None:
        info, frame = describe_dataset(name), load_dataset(name)
        assert info.groups
        for group in info.groups:
            assert frame[group].map(type).eq(str).all()

    def test_source_licence_and_citation_are_told(self, name: str) -> None:
        info = describe_dataset(name)
        assert info.source
        assert "GPL" in info.licence or "published numbers" in info.licence
        text = " ".join(str(info).split())
        assert all(part in text for part in (info.title, info.citation, info.source, info.columns[-1].text))

    def test_column_names_can_stand_in_a_formula(self, name: str) -> None:
        assert all(column.isidentifier() for column in load_dataset(name).columns)

    @pytest.mark.parametrize("spelling", [str.lower, str.upper, str.swapcase])
    def test_name_is_found_in_any_case(self, name: str, spelling) -> None:
        assert describe_dataset(spelling(name)) is describe_dataset(name)


@pytest.mark.parametrize(("name", "file"), SHARED_FILES.items())
def test_numbers_are_those_of_r(name: str, file: str, shared: Path) -> None:
    """Maker of the files: write.csv of lme4 1.1-31 under R 4.2.2; equal to the last digit."""
    ours, theirs = load_dataset(name), pd.read_csv(shared / "data" / file)
    assert list(ours.columns) == list(theirs.columns)
    for column in ours:
        values = ours[column]
        expected = theirs[column] if values.dtype.kind in "if" else theirs[column].astype(str)
        assert np.array_equal(np.asarray(values), np.asarray(expected)), column


def test_bdf_holds_the_teaching_texts_netherlands_data(shared: Path) -> None:
    """Maker: the students' file of the teaching texts; R wrote ours with 15 digits."""
    ours = load_dataset("netherlands")
    theirs = pd.read_csv(
        shared / "data" / "netherlands-students.csv", dtype={"student_id": str, "school_id": str}
    )
    both = ours.merge(theirs, left_on="pupilNR", right_on="student_id", validate="one_to_one")
    assert len(both) == 2287
    assert (both["schoolNR"] == both["school_id"]).all()
    for mine, other in [
        ("langPRET", "language_pre"),
        ("langPOST", "language_post"),
        ("IQ_ver_cen", "verbal_iq"),
    ]:
        np.testing.assert_allclose(both[mine], both[other], rtol=0, atol=1e-13)


def test_gz_files_name_no_time_so_that_builds_repeat() -> None:
    for name in ("InstEval", "VerbAgg", "bdf"):
        content = (files("bayesmixed.datasets") / "data" / describe_dataset(name).file).read_bytes()
        assert content[4:8] == b"\0\0\0\0"
        assert gzip.decompress(content)


def test_frames_are_fresh_copies() -> None:
    first = load_dataset("Dyestuff")
    first["Yield"] = 0.0
    assert load_dataset("Dyestuff")["Yield"].min() > 0


def test_cake_has_temperature_as_label_and_as_number() -> None:
    cake = load_dataset("cake")
    assert (cake["temperature"].astype(int) == cake["temp"]).all()


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("sleepstudies", "'sleepstudy'"), ("Penicilin", "'Penicillin'"), ("xyz", "Known names: sleepstudy")],
)
def test_unknown_name_lists_the_near_ones(wrong: str, hint: str) -> None:
    with pytest.raises(DataError, match=f"no bundled data set '{wrong}'.*{hint}"):
        load_dataset(wrong)


def test_table_has_one_described_row_for_each_data_set() -> None:
    table = datasets()
    assert list(table.columns) == [
        "name",
        "title",
        "rows",
        "columns",
        "grouping_factors",
        "source",
        "licence",
        "citation",
    ]
    assert table.set_index("name").loc["InstEval", ["rows", "columns"]].tolist() == [73421, 7]
    assert table.astype(str).ne("").all(axis=None)
