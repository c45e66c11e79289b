METRICS: dict = {}
