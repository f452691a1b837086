"""Rings, decks, gains, limiter: from decoded blocks to one programme."""
