"""What answers mean: labels of scales, kinds of lists, bands of numbers, and the routes that answers open."""
