"""What `make bench` measures. Nothing here passes or fails: it prints figures."""
