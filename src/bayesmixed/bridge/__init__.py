"""Models of Bambi's as models of ours, and the other way."""
