"""Tables and sections as HTML, Markdown and JSON."""
