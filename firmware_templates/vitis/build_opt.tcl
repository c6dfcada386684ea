# Steps that build_prj.tcl runs; 1 is on. Co-simulation takes hours for large taggers.
array set opt {
    reset      1
    csim       1
    synth      1
    cosim      0
    validation 0
    export     1
    vsynth     0
    fifo_opt   0
}
