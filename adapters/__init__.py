"""Everything that touches the world; siblings do not import each other."""
