"""Category→category links: which categories are bought together, those seldom counted together too."""
