# Clock of the exported design, for an out-of-context implementation.
create_clock -name ap_clk -period @CLOCK_PERIOD_NS@ [get_ports ap_clk]
