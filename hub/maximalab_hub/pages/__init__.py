"""The hub's own pages: My lab, opening a material, the VPN page, the language switch."""
