"""Residuals of 131 schools: too many for names, still readable."""

import sys

import bayesmixed as bm

fit = bm.lmer("langPOST ~ IQ_ver_cen + (1 | schoolNR)", bm.load_dataset("bdf"), method="reml")
ax = fit.plot.residuals(by="schoolNR")
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "residuals_many_groups.png", dpi=120)
