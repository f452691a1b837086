"""`make faults`: real faults, injected into a real Lull, and what a listener would have noticed."""
