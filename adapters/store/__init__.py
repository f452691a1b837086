"""SQLite: journal and catalogue."""
