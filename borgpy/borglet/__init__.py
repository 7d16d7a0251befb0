"""The Borglet: starts, watches, restarts and stops the tasks of one machine as the Borgmaster orders (Borg §3.3)."""
