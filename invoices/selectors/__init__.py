"""Reading: finished values for pages and files. Each selector sees the active company only."""
