"""Long runs: a day in virtual time, half an hour of real faults."""
