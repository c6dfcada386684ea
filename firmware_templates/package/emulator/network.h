// The network of the tagger @NAME@, version @VERSION@.
#ifndef HLS4ML_@GUARD@_H_
#define HLS4ML_@GUARD@_H_

#include "defines.h"

namespace hls4ml_@LABEL@ {

void @LABEL@(@PARAMETERS@);

} // namespace hls4ml_@LABEL@

#endif
