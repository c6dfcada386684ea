"""What runs the firmware: compiled C++, Verilog and netlists."""
