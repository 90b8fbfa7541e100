"""Random draws of settings."""


def log_uniform(draw, low, high):
    return float(low * (high / low) ** draw.uniform())
