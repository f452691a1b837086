"""Files and streams to PCM. Below all other adapters."""
