"""Named measurements: ``python -m benchmarks.<name> [flags] --json`` prints one JSON object on its last line."""
