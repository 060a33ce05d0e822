"""How messages leave: one folder a carrier."""
