"""Full-ranking evaluation: metrics, slices, paired intervals, calibration, baselines, the HTML report."""
