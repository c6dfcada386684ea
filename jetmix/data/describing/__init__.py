"""What a file of jets holds, in numbers and pictures."""
