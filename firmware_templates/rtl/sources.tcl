# What implement.tcl reads: the Verilog of the tagger.
read_verilog [glob [file join $project_dir src *.v] [file join $project_dir src static *.v]]
# lookup tables, which the Verilog names without a folder
set tables [glob -nocomplain [file join $project_dir src memfiles *.mem]]
if {[llength $tables] > 0} {
    read_mem $tables
}
