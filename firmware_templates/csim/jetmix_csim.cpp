// Runs the top function over a batch of vectors and returns the raw integers of its outputs, so that
// no floating-point conversion stands between the firmware and the comparison. All input ports are
// one vector, and all output ports another, in units of the least significant bit of the finest.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "firmware/@TOP@.h"
#include "firmware/nnet_utils/nnet_helpers.h"

@USING@
namespace @FUNCTIONS@ {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace @FUNCTIONS@

static const int fraction_bits = std::max({@FRACTION_BITS@});

template <typename T> static void take(T *port, const double *values, int n) {
    for (int i = 0; i < n; i++)
        port[i] = values[i];
}

template <typename T> static void give(const T *port, int64_t *values, int n) {
    for (int i = 0; i < n; i++)
        values[i] = std::llround(std::ldexp(port[i].to_double(), fraction_bits));
}

extern "C" {

int jetmix_csim_n_inputs() { return @N_INPUTS@; }
int jetmix_csim_n_outputs() { return @N_OUTPUTS@; }
int jetmix_csim_fraction_bits() { return fraction_bits; }

void jetmix_csim_run(const double *inputs, int64_t *outputs, size_t n_vectors) {
    for (size_t vector = 0; vector < n_vectors; vector++) {
        const double *from = inputs + vector * @N_INPUTS@;
        int64_t *to = outputs + vector * @N_OUTPUTS@;
@DECLARE@
@TAKE@
        @TOP@(@PORTS@);
@GIVE@
    }
}

}
