"""Formula and data to matrices, codes and levels; priors come later."""

from bayesmixed.design.build import build_design
from bayesmixed.design.encode import encode
from bayesmixed.design.records import Design, EncodedData, FixedDesign, GroupBlock, Response

__all__ = ["Design", "EncodedData", "FixedDesign", "GroupBlock", "Response", "build_design", "encode"]
