"""What is listed and what it costs at any instant: a function of a seed, or a recording."""
