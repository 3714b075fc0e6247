"""Ranking the next item of an ordered history: closed forms and the sequence head, put in order by trees.

`evidence` is what the data says of items and their order, `features` is that evidence for a shortlist,
`fitting` learns from next items that were held back, `scorer` answers with NumPy and treelite alone.
"""
