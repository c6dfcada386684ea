@ENGINE@
// The tagger @NAME@, version @VERSION@: its program for the engine above, and its C interface.
#include "@LABEL@.h"

namespace {

const Input inputs[] = {
@INPUTS@
};
const Op ops[] = {
@OPS@
};
const Output outputs[] = {
@OUTPUTS@
};
const word tables[] = {
@TABLES@
};
const Program program = {inputs, @N_INPUT_SLOTS@, ops, @N_OPS@, outputs, @N_OUTPUTS@, tables, @N_SLOTS@, @N_INPUTS@};

// jets converted at once
constexpr size_t BATCH = 8 * LANES;

// the weight of an integer's last bit
inline double lsb(int32_t fraction) { return std::ldexp(1.0, -fraction); }

// runs jets of another type: take(value, element) gives a double, give(value, element) takes one
template <typename T, typename Take, typename Give>
int run(const T *x, T *y, size_t n_jets, Take take, Give give) {
    const size_t n_in = @N_INPUTS@, n_out = @N_OUTPUTS@;
    const size_t batch = n_jets < BATCH ? n_jets : BATCH;
    double *from = new (std::nothrow) double[batch * n_in + batch * n_out];
    if (!from)
        return 1;
    double *to = from + batch * n_in;
    int status = 0;
    for (size_t start = 0; start < n_jets && !status; start += batch) {
        const size_t n = n_jets - start < batch ? n_jets - start : batch;
        for (size_t i = 0; i < n * n_in; i++)
            from[i] = take(x[start * n_in + i], i % n_in);
        status = jetmix_emulator_run(&program, from, to, n);
        for (size_t i = 0; i < n * n_out && !status; i++)
            y[start * n_out + i] = give(to[i], i % n_out);
    }
    delete[] from;
    return status;
}

} // namespace

extern "C" {

const size_t @LABEL@_n_inputs = @N_INPUTS@, @LABEL@_n_outputs = @N_OUTPUTS@;
const int32_t @LABEL@_input_bits[@N_INPUTS@] = {
@INPUT_BITS@
};
const int32_t @LABEL@_input_fraction[@N_INPUTS@] = {
@INPUT_FRACTION@
};
const int32_t @LABEL@_input_signed[@N_INPUTS@] = {
@INPUT_SIGNED@
};
const int32_t @LABEL@_output_bits[@N_OUTPUTS@] = {
@OUTPUT_BITS@
};
const int32_t @LABEL@_output_fraction[@N_OUTPUTS@] = {
@OUTPUT_FRACTION@
};
const int32_t @LABEL@_output_signed[@N_OUTPUTS@] = {
@OUTPUT_SIGNED@
};

int @LABEL@_predict(const int32_t *x, int32_t *y, size_t n_jets) {
    return run(
        x, y, n_jets, [](int32_t value, size_t i) { return value * lsb(@LABEL@_input_fraction[i]); },
        [](double value, size_t i) { return (int32_t)(value / lsb(@LABEL@_output_fraction[i])); });
}

int @LABEL@_predict_float(const float *x, float *y, size_t n_jets) {
    return run(
        x, y, n_jets, [](float value, size_t) { return (double)value; },
        [](double value, size_t) { return (float)value; });
}

int @LABEL@_predict_double(const double *x, double *y, size_t n_jets) {
    return jetmix_emulator_run(&program, x, y, n_jets);
}

int @NAME@_predict(const int32_t *x, int32_t *y, size_t n_jets)
    __attribute__((alias("@LABEL@_predict")));
int @NAME@_predict_float(const float *x, float *y, size_t n_jets)
    __attribute__((alias("@LABEL@_predict_float")));
int @NAME@_predict_double(const double *x, double *y, size_t n_jets)
    __attribute__((alias("@LABEL@_predict_double")));

}
