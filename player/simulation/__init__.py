"""Virtual residents and their world."""
