// The network of the tagger @NAME@, version @VERSION@: every operation of its firmware one line.
#include "@LABEL@.h"

namespace hls4ml_@LABEL@ {
namespace {
@SOURCE@
} // namespace

void @LABEL@(@PARAMETERS@) {
    @FUNCTION@(@ARGUMENTS@);
}

} // namespace hls4ml_@LABEL@
