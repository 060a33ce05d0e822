"""The exchange node: participants, queues, checks and the operations of SMEV 3."""
