"""Features of a track, incrementally, ahead of the ear."""
