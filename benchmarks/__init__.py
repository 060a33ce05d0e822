"""What `make bench` measures: each side of a comparison does the same work, alternately, within one run."""
