# Makes an IP of the wrapper: vitis_hls -f build.tcl
open_project -reset @LABEL@_project
set_top @LABEL@
add_files src/@LABEL@.cpp -cflags "-std=c++14"
open_solution -reset solution1 -flow_target vivado
set_part {@PART@}
create_clock -period @CLOCK_PERIOD_NS@ -name default
csynth_design
export_design -format ip_catalog -ipname @LABEL@
exit
