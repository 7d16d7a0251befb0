"""The nouns of borgpy: immutable values that every layer shares, and the cell that they make up."""
