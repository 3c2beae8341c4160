"""What ``sweep.py`` is made of: searches whose trials are each a ``train.py`` of its own."""
