"""Datasets, one ``LightningDataModule`` a file; each says its ``rep_in`` and ``rep_out``."""
