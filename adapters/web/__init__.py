"""The web page: for staff, the resident and the family."""
