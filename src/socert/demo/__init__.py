"""The whole product on one machine: a sample region, the gateway and the portal in a box as two processes.

The demonstration starts both and looks at them over HTTP only; it imports neither.
"""
