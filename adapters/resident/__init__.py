"""The person's own data: the profile, what was learned, all of it in a file, all of it gone."""
