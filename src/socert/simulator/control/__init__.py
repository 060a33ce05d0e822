"""What a tester steers and reads: reset, clock, faults, journal, queues, accounts as JSON."""
