"""Merchandising rules: decisions to approve, reject, pin, ban, rename or price, and their effect."""
