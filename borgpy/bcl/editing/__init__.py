"""What editors ask about a text: where its names lead, what may stand at a place, how to rename; by the text alone."""
