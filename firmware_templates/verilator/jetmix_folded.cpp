// Runs a folded tagger clock by clock: what goes in at every clock is given, what comes out is kept.
#include "V@TOP@.h"
#include "jetmix_ports.h"

// control: bit 0 is rst, bit 1 is start. seen: bit 0 is ready before the edge of the clock, bit 1 is
// valid behind it, when the outputs are taken.
extern "C" void jetmix_folded_run(const uint8_t *control, const uint32_t *inputs, size_t in_words,
                                  uint8_t *seen, uint32_t *outputs, size_t out_words,
                                  size_t n_clocks) {
    VerilatedContext context;
    context.randReset(2); // registers hold anything before they are set
    V@TOP@ tagger(&context);
    for (size_t clock = 0; clock < n_clocks; clock++) {
        tagger.rst = control[clock] & 1;
        tagger.model_start = control[clock] >> 1 & 1;
        put(tagger.model_inp, inputs + clock * in_words);
        tagger.clk = 0;
        tagger.eval();
        seen[clock] = tagger.model_ready;
        tagger.clk = 1;
        tagger.eval();
        seen[clock] |= tagger.model_valid << 1;
        get(tagger.model_out, outputs + clock * out_words);
    }
    tagger.final();
}
