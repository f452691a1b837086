"""`lull report`: what was played, what helped, how sure; from the journal alone."""
