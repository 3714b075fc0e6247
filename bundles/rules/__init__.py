"""Merchandising rules: approve, reject, pin, ban, rename and price, kept in SQL."""
