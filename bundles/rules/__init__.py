"""Merchandising rules: a merchandiser's decisions (approve, reject, pin, ban, rename, price), and their effect."""
