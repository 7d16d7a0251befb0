"""Coverage-guided fuzzing, for developers: `make fuzz SECONDS=600`."""
