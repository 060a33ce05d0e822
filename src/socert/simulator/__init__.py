"""The portal in a box: exchange node, accounts, parent's pages, control. Imports `contracts` and `host` only."""
