"""Between the domain and the portal's messages, one module a message type."""
