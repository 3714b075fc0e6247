"""Scores of items for a query: the one implementation that evaluation measures and serving runs. NumPy alone.

For a cart C, a user u with counts c(u, ·), and a ranked item i:

    gnn(i)     = q · target_i + bias_i,  q = Σ_{j ∈ C} source_j / √|C| + Σ_j c(u, j) history_j / √Σ_j c(u, j) + user_u
    ease(i)    = Σ_{j ∈ C} B[j, i]                                    (Steck 2019, the top k of each row)
    bought(i)  = log(1 + c(u, i))
    share(i)   = c(u, i) / Σ_j c(u, j)
    recency(i) = log(1 + 3 Σ exp(-age / 30 days))

    score(i)   = Σ_f w_f f(i), the weights w fitted on validation queries (`config["blend"]`)
"""
