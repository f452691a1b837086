"""`lull calibrate`: what digital full scale sounds like at the resident's ear."""
