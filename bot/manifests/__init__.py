"""Infrastructure files as they stand in a repository: what they hold, what is due in them, and edits by place.

One folder or file a format. Nothing here writes, runs or asks a network; versions arrive as values. Edits name spans of
the text, so that every byte outside them stays: comments, order, quoting, line ends.
"""
