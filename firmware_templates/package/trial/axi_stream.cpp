// Streams jets through @TOP@ while sender and receiver both pause at random. Stops when no jet has
// moved for a long time, so that an answer too many is seen too.
#include "V@TOP@.h"
#include "verilated.h"
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

// jets[jet][IN], answers[jet][1 + OUT] with tlast first; returns how many answers came
extern "C" size_t jetmix_rtl_stream(const uint32_t *jets, uint32_t *answers, size_t n_jets) {
    constexpr size_t IN = @IN_WORDS@, OUT = @OUT_WORDS@;
    VerilatedContext context;
    V@TOP@ top(&context);
    std::mt19937 rng(@SEED@);
    auto chance = [&](int percent) { return (int)(rng() % 100) < percent; };
    auto clock = [&](int level) {
        top.aclk = level;
        top.eval();
    };
    top.aresetn = top.s_axis_tvalid = top.m_axis_tready = 0;
    for (int i = 0; i < 4; i++)
        clock(i & 1);
    top.aresetn = 1;
    size_t taken = 0, given = 0;
    int pause_in = 0, pause_out = 0;
    bool offered = false;
    for (int still = 0; still < @STILL@; still++) {
        if (rng() % 400 == 0)
            pause_in = rng() % 60;
        if (rng() % 400 == 0)
            pause_out = rng() % 60;
        // what was offered stays until it is taken; beside it the data are those of any jet
        offered = offered || (taken < n_jets && pause_in-- <= 0 && chance(70));
        const size_t jet = offered ? taken : rng() % n_jets;
        std::memcpy(&top.s_axis_tdata, jets + jet * IN, std::min(sizeof top.s_axis_tdata, 4 * IN));
        top.s_axis_tvalid = offered;
        top.s_axis_tlast = offered && taken % @LAST@ == @LAST@ - 1;
        top.m_axis_tready = pause_out-- <= 0 && chance(70);
        clock(0);
        const bool take = top.s_axis_tvalid && top.s_axis_tready;
        const bool give = top.m_axis_tvalid && top.m_axis_tready;
        if (give && given < n_jets) {
            uint32_t *answer = answers + given * (1 + OUT);
            answer[0] = top.m_axis_tlast;
            std::memcpy(answer + 1, &top.m_axis_tdata, std::min(sizeof top.m_axis_tdata, 4 * OUT));
        }
        clock(1);
        taken += take;
        given += give;
        offered = offered && !take;
        if (take || give)
            still = 0;
    }
    top.final();
    return given;
}
