"""Which machine for which task: pure functions over numpy columns that propose plans and explain refusals."""
