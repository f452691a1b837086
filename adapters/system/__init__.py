"""The host: processes, checks."""
