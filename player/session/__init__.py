"""The state machine: events in, effects out."""
