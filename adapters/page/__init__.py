"""What the page needs of the service: its library, records, report and set-up, and the running of it."""
