"""Rules and values of certificates and contracts: no I/O, no XML, no clock of their own."""
