"""What to play next, and why."""
