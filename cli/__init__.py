"""What ``train.py`` is made of: checked overrides, built objects, results. No mathematics."""
