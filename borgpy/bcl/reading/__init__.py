"""Reading one text: expressions, members, and where to go on behind what cannot be read."""
