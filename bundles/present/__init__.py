"""Present bundles: response models, prices, reasons and their wording."""
