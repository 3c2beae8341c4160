"""The run folder: what a run leaves on disk, and the errors that users can mend."""
