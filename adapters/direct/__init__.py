"""Devices that need no bridge: a heart-rate strap over Bluetooth, buttons on USB or on the board's pins."""
