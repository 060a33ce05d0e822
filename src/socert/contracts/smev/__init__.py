"""How messages travel: the state message exchange (SMEV 3), its envelopes, faults, statuses and message ids.

`call` is what a participant says to the exchange, `reply` is what the exchange says back. Both build the bytes of whole
envelopes and open bytes that came; neither sends anything, reads a clock or keeps anything.
"""
