"""The printed priors."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from bayesmixed.design.records import Design
from bayesmixed.model.prior_set import complete_priors, prior_table
from bayesmixed.priors.choice import prior

DesignOf = Callable[..., Design]


def test_every_parameter_has_a_row(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    design = design_of("Reaction ~ Days + (Days | Subject)", sleepstudy)
    priors = complete_priors(design, {"Days": prior("Normal", sigma=10)})
    frame = prior_table(design, priors).table().set_index("parameter")
    assert list(frame.columns) == ["prior", "source", "note"]
    assert frame.loc["Days"].tolist() == ["Normal(mu=0, sigma=10)", "user", ""]
    assert frame.loc["Intercept", "note"] == "at the means of the columns: mean(y), 2.5 sd(y)"
    assert frame.loc["sd_Subject[Days]", "note"] == "sd(y) / sd(z)"
    assert frame.loc["sd_Subject[Intercept]", "note"] == "at the means of the columns: sd(y)"
    assert frame.loc["corr_Subject", "note"].startswith("at the means of the columns: density")
    assert frame.loc["corr_Subject", "prior"] == "LKJ(eta=2)"
    assert frame["source"].value_counts().to_dict() == {"default": 5, "user": 1}


def test_lower_terms_of_a_product_stand_at_means(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    formula = "Reaction ~ Days * late + (1 | Subject)"
    frame = sleepstudy.assign(late=sleepstudy["Subject"].astype(int) > 340)
    notes = {}
    for center in (True, "fixed", False):
        design = design_of(formula, frame, center=center)
        notes[center] = prior_table(design, complete_priors(design)).table().set_index("parameter")["note"]
    at_means = {
        key: {term for term in note.index if "at the means" in note[term]} for key, note in notes.items()
    }
    assert at_means == {True: {"Intercept", "late[T.True]"}, "fixed": {"Intercept"}, False: set()}


def test_notes_follow_the_model(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    frame = sleepstudy.assign(known=1.0 * sleepstudy["Days"], two=2.0)
    design = design_of("Reaction ~ 0 + two + Days + offset(known) + (1 | Subject)", frame)
    notes = prior_table(design, complete_priors(design)).table().set_index("parameter")["note"]
    assert notes["two"] == "2.5 rms(y - offset) / rms(x)"
    assert notes["Days"] == "2.5 rms(y - offset) / sd(x)"
    assert notes["sigma"] == "sd(y - offset)"


def test_text_and_html_show_the_same_cells(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    design = design_of("Reaction ~ Days + (Days | Subject)", sleepstudy)
    table = prior_table(design, complete_priors(design))
    for cell in table.table().to_numpy().ravel():
        assert cell in str(table)
        assert cell in table._repr_html_()
