"""What people set: inputs and environment of a run, and the repository's `.github/draftgate.yml`."""
