"""Music folders: tags, scan."""
