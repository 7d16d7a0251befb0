"""The commands of `borgcfg`, one module for each noun or verb; each is imported only when it is called."""
