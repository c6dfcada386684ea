// The types of the tagger @NAME@, version @VERSION@: what a caller fills and what it gets back.
#ifndef HLS4ML_@GUARD@_DEFINES_H_
#define HLS4ML_@GUARD@_DEFINES_H_

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

#include "ap_fixed.h"
#include "ap_int.h"

namespace hls4ml_@LABEL@ {

@TYPES@

// all inputs of a jet, and all its outputs; a model is handed pointers to them
typedef @INPUTS@ inputs_t;
typedef @RESULTS@ results_t;
@SINGLE@
} // namespace hls4ml_@LABEL@

#endif
