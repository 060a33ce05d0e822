"""What the portal and the region tell each other: one folder a message type.

Every folder has its schema (`schema()`), its message types (`REQUEST`, `RESPONSE`), frozen dataclasses that render
themselves in the signature transform's normal form, and readers of schema-valid elements.
Source: portal message dictionary.
"""
