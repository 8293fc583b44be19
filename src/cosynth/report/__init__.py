"""Shows everything: results as JSON, on the terminal and as one HTML file."""
