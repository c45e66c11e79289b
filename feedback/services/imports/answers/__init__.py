"""Past answers from the exports of other survey tools: recognised, joined to a series or kept as one of their own."""
