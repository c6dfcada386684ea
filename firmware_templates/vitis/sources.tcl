# What implement.tcl reads: the Verilog that build_prj.tcl makes, so run that first.
read_verilog [glob [file join $project_dir ${top}_prj solution1 syn verilog *.v]]
