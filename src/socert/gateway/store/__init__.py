"""The gateway's own tables: projection, pending changes, outbox, inbox; and how they are written."""
