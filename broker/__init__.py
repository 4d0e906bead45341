"""The centre: what is sent, kept and shown."""
