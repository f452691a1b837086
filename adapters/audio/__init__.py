"""The audio process and its sinks."""
