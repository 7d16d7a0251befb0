"""HTTP to the Borgmaster, for the command line, the Borglet and programs that watch a cell."""
