// Reads jets as doubles, gives them to the top function, and writes each answer as doubles.
// An answer whose token is not that of its jet is not a number. Names of inputs never end in "_".
#include "@LABEL@.h"
#include <cmath>
#include <cstdio>

int main(int, char **arguments_) {
    using namespace @LABEL@_ports;
    std::FILE *jets_ = std::fopen(arguments_[1], "rb"), *answers_ = std::fopen(arguments_[2], "wb");
    static double jet_[@N_INPUTS@], values_[@N_OUTPUTS@];
    for (unsigned event_ = 0; std::fread(jet_, sizeof jet_, 1, jets_); event_++) {
        const double *from_ = jet_;
        double *to_ = values_;
@INPUTS@
        token_t token_;
        token_.event = event_;
        token_.iteration = event_ % 7;
        token_.start_of_orbit = event_ % 3 == 0;
        token_.frame_valid = event_ % 5 == 0;
        token_.data_valid = event_ % 2;
        answer_t answer_;
        @LABEL@(@ARGUMENTS@, token_, answer_);
@OUTPUTS@
        const token_t &back_ = answer_.token;
        if (back_.event != token_.event || back_.iteration != token_.iteration ||
            back_.start_of_orbit != token_.start_of_orbit ||
            back_.frame_valid != token_.frame_valid || back_.data_valid != token_.data_valid)
            values_[0] = NAN;
        std::fwrite(values_, sizeof values_, 1, answers_);
    }
    return std::fclose(answers_);
}
