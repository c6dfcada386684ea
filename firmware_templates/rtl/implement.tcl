# Out-of-context synthesis, place and route of the Verilog:
#   vivado -mode batch -source implement.tcl
set project_dir [file dirname [file normalize [info script]]]
set part "@PART@"
set top "@TOP@"

read_verilog [glob [file join $project_dir src *.v] [file join $project_dir src static *.v]]
# lookup tables, which the Verilog names without a folder
set tables [glob -nocomplain [file join $project_dir src memfiles *.mem]]
if {[llength $tables] > 0} {
    read_mem $tables
}
read_xdc [file join $project_dir clock.xdc]
synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy full
report_utilization -file [file join $project_dir post_synth_utilization.rpt]
opt_design
place_design
phys_opt_design
route_design
report_utilization -file [file join $project_dir post_route_utilization.rpt]
report_timing_summary -file [file join $project_dir post_route_timing.rpt]
