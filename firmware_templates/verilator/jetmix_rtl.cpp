// Feeds one packed vector per clock to the tagger and keeps the packed outputs of every clock.
#include "V@TOP@.h"
#include "jetmix_ports.h"

extern "C" void jetmix_rtl_run(const uint32_t *inputs, size_t in_words, uint32_t *outputs,
                               size_t out_words, size_t n_clocks) {
    VerilatedContext context;
    V@TOP@ tagger(&context);
    for (size_t clock = 0; clock < n_clocks; clock++) {
        put(tagger.model_inp, inputs + clock * in_words);
        tagger.clk = 0;
        tagger.eval();
        tagger.clk = 1;
        tagger.eval();
        get(tagger.@OUTPUT@, outputs + clock * out_words);
    }
    tagger.final();
}
