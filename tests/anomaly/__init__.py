"""Fail at step N, for every N: sink, source, disk, broker, decoder (SQLite, "How SQLite is tested")."""
