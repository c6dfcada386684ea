// The tagger @NAME@, version @VERSION@, as a top function of Vitis HLS: its types and its declaration.
#ifndef @GUARD@_H_
#define @GUARD@_H_

#include "ap_fixed.h"
#include "ap_int.h"

namespace @LABEL@_ports {

@TYPES@

// what travels beside a jet and is given back with its answer, unchanged
struct token_t {
    ap_uint<32> event;
    ap_uint<8> iteration;
    ap_uint<1> start_of_orbit;
    ap_uint<1> frame_valid;
    ap_uint<1> data_valid;
};

// the answer and its token: one port, so that all of it comes out in the same cycle
struct answer_t {
@OUTPUTS@
    token_t token;
};

} // namespace @LABEL@_ports

// takes a jet at every cycle and answers after @LATENCY@
void @LABEL@(@PARAMETERS@);

#endif
