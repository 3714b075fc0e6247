"""Answers: response models, prices, reasons and their wording."""
