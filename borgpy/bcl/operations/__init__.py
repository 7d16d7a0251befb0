"""What operators, f-strings and types do to values. None of it knows a place, or an evaluator beyond its protocols."""
