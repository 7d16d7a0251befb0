"""BCL, from text to job declarations."""
