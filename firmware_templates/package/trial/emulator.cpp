// Runs the emulator @LABEL@ on the jets of one file and writes its answers to another, as doubles.
#include "emulator.h"
#include "@LABEL@/NN/defines.h"
#include <cstdio>

// all elements of a port, and of a pair or a tuple of ports, in order
template <typename T, size_t N> void take(std::array<T, N> &port, const double *&from) {
    for (T &element : port)
        element = *from++;
}
template <typename Ports> void take(Ports &ports, const double *&from) {
    std::apply([&](auto &...port) { (take(port, from), ...); }, ports);
}
template <typename T, size_t N> void give(const std::array<T, N> &port, double *&to) {
    for (const T &element : port)
        *to++ = element.to_double();
}
template <typename Ports> void give(const Ports &ports, double *&to) {
    std::apply([&](const auto &...port) { (give(port, to), ...); }, ports);
}

int main(int, char **arguments) {
    std::FILE *jets = std::fopen(arguments[1], "rb"), *answers = std::fopen(arguments[2], "wb");
    auto model = hls4mlEmulator::ModelLoader("@LABEL@").load_model();
    static hls4ml_@LABEL@::inputs_t inputs;
    static hls4ml_@LABEL@::results_t results;
    static double jet[@N_INPUTS@], answer[@N_OUTPUTS@];
    while (std::fread(jet, sizeof jet, 1, jets)) {
        const double *from = jet;
        double *to = answer;
        take(inputs, from);
        model->prepare_input(&inputs);
        model->predict();
        model->read_result(&results);
        give(results, to);
        std::fwrite(answer, sizeof answer, 1, answers);
    }
    return std::fclose(answers);
}
