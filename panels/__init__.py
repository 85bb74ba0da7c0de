"""What pages draw, a folder for each page. A panel takes computed data and keyword-only options."""
