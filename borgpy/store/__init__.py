"""What a cell remembers: journal, checkpoints, lease and history in SQLite or PostgreSQL, and the same in memory.

Everything here is synchronous. A server calls it from a thread, never from its event loop.
"""
