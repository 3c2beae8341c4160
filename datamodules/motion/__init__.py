"""What trajectory datamodules are made of: readers, tracks, windows."""
