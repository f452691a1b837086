"""What the core needs of the world. Fakes and real ones pass the same contract suites (tests/contracts)."""
