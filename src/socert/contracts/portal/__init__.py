"""What the portal and the region tell each other: one folder a message type.

Every folder has its schema (`schema()`), its message types (`REQUEST`, `RESPONSE`, …), frozen dataclasses that render
themselves in the signature transform's normal form, readers of schema-valid elements, checks of what no schema can
state, and its lines for the table of message types (`known`). Source: portal message dictionary.
"""
