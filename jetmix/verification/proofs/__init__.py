"""What is proven for all inputs: ranges and matrices."""
