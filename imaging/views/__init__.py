"""Pages of the imaging room. Every one asks for a capability and for what the user may see."""
