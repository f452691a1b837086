"""All rooms of one home: who is restless, who is silent by fault."""
