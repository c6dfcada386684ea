"""From a trained tagger to a proven project: the flow, and the folder that it writes."""
