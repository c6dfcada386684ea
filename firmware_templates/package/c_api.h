/* The tagger @NAME@, version @VERSION@, as a C library; bit for bit what its firmware answers.
 *
 * An element of a port is the integer that its bits hold: its value times 2 to the power of its
 * fraction bits. Integers beyond the width of an input wrap to it, as in the firmware.
 * All functions can be called from several threads at once.
 * They return 0, 1 if there is no memory, or 2 if a number is not finite.
 */
#ifndef @GUARD@_H_
#define @GUARD@_H_

#include <stddef.h>
#include <stdint.h>

#define @GUARD@_N_INPUTS @N_INPUTS@
#define @GUARD@_N_OUTPUTS @N_OUTPUTS@

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* width, fraction bits and sign of every element of a jet, and of its answer */
extern const size_t @LABEL@_n_inputs, @LABEL@_n_outputs;
extern const int32_t @LABEL@_input_bits[@N_INPUTS@];
extern const int32_t @LABEL@_input_fraction[@N_INPUTS@];
extern const int32_t @LABEL@_input_signed[@N_INPUTS@];
extern const int32_t @LABEL@_output_bits[@N_OUTPUTS@];
extern const int32_t @LABEL@_output_fraction[@N_OUTPUTS@];
extern const int32_t @LABEL@_output_signed[@N_OUTPUTS@];

/* integers in and out: x[jet][element], y[jet][element], one jet after the other */
int @LABEL@_predict(const int32_t *x, int32_t *y, size_t n_jets);

/* real numbers in and out: inputs are cut to the grid of their port and wrap to its width;
 * a float holds outputs of up to 24 bits exactly, a double all of them */
int @LABEL@_predict_float(const float *x, float *y, size_t n_jets);
int @LABEL@_predict_double(const double *x, double *y, size_t n_jets);

/* the same without the version; a program that links several versions calls those above */
int @NAME@_predict(const int32_t *x, int32_t *y, size_t n_jets);
int @NAME@_predict_float(const float *x, float *y, size_t n_jets);
int @NAME@_predict_double(const double *x, double *y, size_t n_jets);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
