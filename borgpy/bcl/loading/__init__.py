"""From a file to a program: what it imports, the pins and the lock that hold it, data files, and parameters."""
