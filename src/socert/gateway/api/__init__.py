"""What the gateway tells over HTTP: health, metrics, and the standing of its messages."""
