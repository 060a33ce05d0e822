"""Is a message, a recorded session or an exchange as SMEV 3 wants it? Numbered requirements for any system.

`requirement` says what a requirement is, `table` lists all of them, `checking` applies them. `socert conformance` is
the command. What is checked here is read from the XML itself, not through the readers that the programs use.
"""
