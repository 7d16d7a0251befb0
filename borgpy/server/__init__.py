"""The live body of the Borgmaster: sockets, a clock and a database around the one mind."""
