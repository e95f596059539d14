"""The pure core: values and decisions, no input or output."""
