"""Response distributions: links, densities, draws and moments."""
