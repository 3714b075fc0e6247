"""The merchandiser's word: decisions about items and bundles, kept for good and honoured by every answer.

requests ─▶ check ─▶ log ─▶ store (SQL) ─▶ word (what stands) ─▶ resolve (in item indices) ─▶ answers
"""
