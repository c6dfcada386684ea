// Runs @TOP@ clock by clock, with one row of integers per clock in and out:
// rst, in_valid and the inputs; out_valid, the decision and the outputs.
#include "V@TOP@.h"
#include "verilated.h"
#include <cstddef>
#include <cstdint>

namespace {

template <typename T> void put(T &port, int64_t value, int bits) {
    port = (uint64_t)value & (~0ull >> (64 - bits));
}

int64_t get(uint64_t port, int bits, bool is_signed) {
    const uint64_t high = port << (64 - bits);
    return is_signed ? (int64_t)high >> (64 - bits) : (int64_t)(high >> (64 - bits));
}

} // namespace

extern "C" void jetmix_rtl_run(const int64_t *in, int64_t *out, size_t clocks) {
    VerilatedContext context;
    V@TOP@ top(&context);
    for (size_t clock = 0; clock < clocks; clock++) {
        top.clk = 0;
        top.rst = *in++;
        top.in_valid = *in++;
@PUT@
        top.eval();
        top.clk = 1;
        top.eval();
        *out++ = top.out_valid;
        *out++ = @DECISION@;
@GET@
    }
    top.final();
}
