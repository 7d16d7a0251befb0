"""Admission: whether a job may enter the cell, and everything that keeps it out (Borg §2.5)."""
