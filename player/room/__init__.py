"""What a microphone in the room tells, as a few numbers: no sound leaves these functions."""
