"""The command lines: where files, sockets, clocks and the pure parts are wired together."""
