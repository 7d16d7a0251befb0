"""The one mind: a cell's state machine, operations in and events out, without clock, I/O or chance."""
