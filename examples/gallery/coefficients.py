"""Coefficients of two models of the cakes side by side."""

import sys

import bayesmixed as bm
from bayesmixed.plots import coefficients

cake = bm.load_dataset("cake")
additive = bm.lmer("angle ~ temp + recipe + (1 | recipe:replicate)", cake, method="reml")
by_recipe = bm.lmer("angle ~ temp * recipe + (1 | recipe:replicate)", cake, method="reml")
ax = coefficients({"additive": additive, "slope by recipe": by_recipe})
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "coefficients.png", dpi=120)
