"""What both programs need of the machine they run on: clock, key files, logs. Imports `contracts` only."""
