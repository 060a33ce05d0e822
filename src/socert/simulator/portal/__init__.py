"""The portal behind the exchange: it takes account updates, asks for certificates and shows pages to parents."""
