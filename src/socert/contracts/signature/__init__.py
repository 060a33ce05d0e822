"""Signatures of the exchange: its transform, XMLDSig, algorithm suites and signers."""
