# Out-of-context synthesis, place and route of the Verilog that sources.tcl names:
#   vivado -mode batch -source implement.tcl
set project_dir [file dirname [file normalize [info script]]]
set part "@PART@"
set top "@TOP@"

source [file join $project_dir sources.tcl]
read_xdc [file join $project_dir clock.xdc]
synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy full
report_utilization -file [file join $project_dir post_synth_utilization.rpt]
opt_design
place_design
phys_opt_design
route_design
report_utilization -file [file join $project_dir post_route_utilization.rpt]
report_timing_summary -file [file join $project_dir post_route_timing.rpt]
