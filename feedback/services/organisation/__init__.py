"""What the organisation has set in the browser."""
