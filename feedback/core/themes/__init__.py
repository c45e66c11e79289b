"""What comments are about: a frame of named themes, the words that show a theme, and words that stand out."""
