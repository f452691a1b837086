"""MQTT: contract, client, private broker."""
