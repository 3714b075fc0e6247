"""Link prediction between items: which pairs the shop does not yet know belong together.

`known` reads what the shop says, `evidence` is what the graph holds of every pair, `shortlist` picks the
pairs that could be links, `fitting` learns from known pairs that were hidden, `prediction` tells new ones.
"""
