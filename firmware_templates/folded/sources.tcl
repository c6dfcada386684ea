# What implement.tcl reads: the pipelines in Verilog, and what lies between them in SystemVerilog.
read_verilog [glob [file join $project_dir src *.v] [file join $project_dir src static *.v]]
read_verilog -sv [glob [file join $project_dir src *.sv]]
# lookup tables, which the Verilog names without a folder
set tables [glob -nocomplain [file join $project_dir src memfiles *.mem]]
if {[llength $tables] > 0} {
    read_mem $tables
}
