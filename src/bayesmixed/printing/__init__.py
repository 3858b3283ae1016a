"""How results show themselves: aligned text, HTML, numbers as R rounds them, records in a few lines."""
