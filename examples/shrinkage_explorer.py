"""Shrinkage as a page with a slider, for the lecture: one file, no server, no network."""

import bayesmixed as bm

pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
print("Four models of the same rows:")
print(pooled.models().round(1).to_string(index=False))

print("\nCross-validated errors:")
print(pooled.errors().round(2).to_string(index=False))

print("\nOpen in a browser:", pooled.explorer("shrinkage.html"))
