"""The draws of a fit: named and dimensioned, judged, saved."""
