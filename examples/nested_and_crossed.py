"""Lesson three: cask "a" of one batch is not cask "a" of another.

Written as crossed factors the model takes them for the same cask, and warns.
"""

import warnings

import bayesmixed as bm

pastes = bm.load_dataset("Pastes")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    crossed = bm.lmer("strength ~ 1 + (1 | batch) + (1 | cask)", pastes, method="reml")
print("The warning:", *(entry.message for entry in caught), sep="\n")

nested = bm.lmer("strength ~ 1 + (1 | batch/cask)", pastes, method="reml")
for name, fit in {"crossed, by mistake": crossed, "nested": nested}.items():
    print(f"\n{name}:")
    print(fit.ngrps().to_string())
    print(fit.varcorr())
