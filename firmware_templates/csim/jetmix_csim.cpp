// Runs the top function over a batch of jets and returns the raw integers of its outputs, so that
// no floating-point conversion stands between the firmware and the comparison.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "firmware/@TOP@.h"
#include "firmware/nnet_utils/nnet_helpers.h"

namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet

static const int fraction_bits = @OUTPUT_TYPE@::width - @OUTPUT_TYPE@::iwidth;

extern "C" {

int jetmix_csim_n_inputs() { return @N_INPUTS@; }
int jetmix_csim_n_outputs() { return @N_OUTPUTS@; }
int jetmix_csim_fraction_bits() { return fraction_bits; }

void jetmix_csim_run(const float *inputs, int64_t *outputs, size_t n_jets) {
    for (size_t jet = 0; jet < n_jets; jet++) {
        @INPUT_TYPE@ x[@N_INPUTS@];
        @OUTPUT_TYPE@ y[@N_OUTPUTS@];
        for (int i = 0; i < @N_INPUTS@; i++)
            x[i] = inputs[jet * @N_INPUTS@ + i];
        @TOP@(x, y);
        for (int i = 0; i < @N_OUTPUTS@; i++)
            outputs[jet * @N_OUTPUTS@ + i] = std::llround(std::ldexp(y[i].to_double(), fraction_bits));
    }
}

}
