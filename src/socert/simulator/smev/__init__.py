"""The exchange node: participants, queues, checks and the six operations of SMEV 3."""
