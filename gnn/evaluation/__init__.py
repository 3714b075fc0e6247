"""Full-ranking evaluation: queries, metrics, paired intervals, reports."""
