"""What the workers of the frameworks run. BROKER_URL names the broker."""
