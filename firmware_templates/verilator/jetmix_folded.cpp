// Runs a folded tagger clock by clock: what goes in at every clock is given, and what the ports carry
// just before the edge at its end is kept.
#include "V@TOP@.h"
#include "jetmix_ports.h"

// which planted fault the tagger has, where it has any
static uint16_t fault = 0;
extern "C" void jetmix_set_fault(uint16_t number) { fault = number; }

// control: bit 0 is rst, bit 1 is start. seen: bit 0 is ready, bit 1 is valid.
extern "C" void jetmix_folded_run(const uint8_t *control, const uint32_t *inputs, size_t in_words,
                                  uint8_t *seen, uint32_t *outputs, size_t out_words,
                                  size_t n_clocks) {
    VerilatedContext context;
    context.randReset(2); // registers hold anything before they are set
    V@TOP@ tagger(&context);
    @SETUP@
    for (size_t clock = 0; clock < n_clocks; clock++) {
        tagger.rst = control[clock] & 1;
        tagger.model_start = control[clock] >> 1 & 1;
        put(tagger.model_inp, inputs + clock * in_words);
        tagger.clk = 0;
        tagger.eval();
        seen[clock] = tagger.model_ready | tagger.model_valid << 1;
        get(tagger.@OUTPUT@, outputs + clock * out_words);
        tagger.clk = 1;
        tagger.eval();
    }
    tagger.final();
}
