# Clock of the tagger, for an out-of-context implementation.
create_clock -name clk -period @CLOCK_PERIOD_NS@ [get_ports clk]
