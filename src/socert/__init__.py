"""socert: children's social certificates and learning contracts on the state portal, and the portal in a box."""
