"""How right the analysis is, on real labelled music: `python -m tests.evaluate NAME --data DIR`."""
