"""From readings to the state of the listener."""
