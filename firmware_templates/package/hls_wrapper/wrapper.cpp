// The tagger @NAME@, version @VERSION@, as a top function of Vitis HLS.
//
// There is no handshake: the token says what is a jet. All inputs are taken in the first cycle.
#include "@LABEL@.h"

namespace {
namespace @LABEL@_network {
@SOURCE@
} // namespace @LABEL@_network
} // namespace

void @LABEL@(@PARAMETERS@) {
    #pragma HLS PIPELINE II=1
    #pragma HLS LATENCY min=@LATENCY@ max=@LATENCY@
    #pragma HLS INTERFACE ap_ctrl_none port=return
@PRAGMAS@
@BODY@
    answer_t result;
    @LABEL@_network::@FUNCTION@(@ARGUMENTS@);
    result.token = token;
    answer = result;
}
