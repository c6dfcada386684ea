// Feeds one packed vector per clock to the tagger and keeps the packed outputs of every clock.
#include <cstddef>
#include <cstdint>

#include "V@TOP@.h"
#include "verilated.h"

template <size_t N> static void put(VlWide<N> &port, const uint32_t *words) {
    for (size_t i = 0; i < N; i++)
        port[i] = words[i];
}
static void put(QData &port, const uint32_t *words) { port = words[0] | (QData)words[1] << 32; }
template <typename T> static void put(T &port, const uint32_t *words) { port = (T)words[0]; }

template <size_t N> static void get(const VlWide<N> &port, uint32_t *words) {
    for (size_t i = 0; i < N; i++)
        words[i] = port[i];
}
static void get(const QData &port, uint32_t *words) {
    words[0] = (uint32_t)port;
    words[1] = (uint32_t)(port >> 32);
}
template <typename T> static void get(const T &port, uint32_t *words) { words[0] = port; }

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
