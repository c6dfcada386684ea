// Runs a DA graph over batches of jets: each operation on a block of jets at once, one lane a jet,
// so that the compiler vectorises every inner loop. The graph is data, so this compiles in seconds
// for a graph of any size. See jetmix/verification/program.py for the program that it runs.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <vector>

namespace {

// jets a block: the values of a block should stay in the second-level cache
constexpr int LANES = @LANES@;
// inputs converted together, so that a jet's neighbouring values are read at once
constexpr int TILE = 16;

typedef @WORD@ word;
// double where a port has more bits than float holds
typedef @INPUT@ input_real;
typedef @OUTPUT@ output_real;
typedef std::make_unsigned<word>::type uword;
constexpr int BITS = 8 * sizeof(word);

// one operation; the meaning of a, b, p, q, r, s depends on the code, as told below
struct Op {
    int32_t code, out, a, b, p, q, r, s;
    int64_t constant;
};

struct Input {
    int32_t column, slot, fraction, width, is_signed, unused;
};

struct Output {
    int32_t slot, unused;
    double scale;
};

struct Program {
    const Input *inputs;
    size_t n_inputs;
    const Op *ops;
    size_t n_ops;
    const Output *outputs;
    size_t n_outputs;
    // entries of all lookup tables
    const word *tables;
    size_t n_slots, n_columns;
};

enum Code {
    ADD, SUBTRACT, RELU, RELU_NEGATED, QUANTISE, QUANTISE_NEGATED, ADD_CONSTANT, CONSTANT, SELECT, MULTIPLY,
    TABLE, NOT, ANY, ALL, AND, OR, XOR
};

inline word up(word x, int shift) { return (word)((uword)x << shift); }

// keep the lowest bits, and take the highest of them as the sign if there is one
inline word wrap_signed(word x, int spare) { return (word)((uword)x << spare) >> spare; }
inline word wrap_unsigned(word x, int spare) { return (word)(((uword)x << spare) >> spare); }

template <typename F> inline void each(word *__restrict out, const word *a, const word *b, F f) {
    for (int i = 0; i < LANES; i++)
        out[i] = f(a[i], b[i]);
}

// p, q: shifts up of a and b; r: shift down of the sum
template <int SIGN> inline void add(const Op &op, word *out, const word *a, const word *b) {
    const int p = op.p, q = op.q, r = op.r;
    if (r)
        each(out, a, b, [=](word x, word y) { return (word)((up(x, p) + SIGN * up(y, q)) >> r); });
    else if (p)
        each(out, a, b, [=](word x, word y) { return (word)(up(x, p) + SIGN * up(y, q)); });
    else if (q)
        each(out, a, b, [=](word x, word y) { return (word)(x + SIGN * up(y, q)); });
    else
        each(out, a, b, [=](word x, word y) { return (word)(x + SIGN * y); });
}

// p: shift up, r: shift down, q: width of the result, s: it has a sign
template <int SIGN> inline void quantise(const Op &op, word *out, const word *a) {
    const int p = op.p, q = BITS - op.q, r = op.r;
    if (op.s)
        each(out, a, a, [=](word x, word) { return wrap_signed(up(SIGN * x, p) >> r, q); });
    else
        each(out, a, a, [=](word x, word) { return wrap_unsigned(up(SIGN * x, p) >> r, q); });
}

// as for quantise, without a sign
template <int SIGN> inline void relu(const Op &op, word *out, const word *a) {
    const int p = op.p, q = BITS - op.q, r = op.r;
    each(out, a, a, [=](word x, word) {
        word positive = SIGN * x > 0 ? SIGN * x : 0;
        return wrap_unsigned(up(positive, p) >> r, q);
    });
}

// p: shift up if positive, else down, which cuts bits off
inline word shifted(word x, int p) { return p < 0 ? x >> -p : up(x, p); }

// c (slot s): the value whose top bit decides, r: its width less one, p, q: shifts of a and b, up or down;
// constant: width of the result, its sign (bit 8), and whether b is negated (bit 9)
inline void select(const Op &op, word *__restrict out, const word *a, const word *b, const word *c) {
    const int p = op.p, q = op.q, r = op.r, spare = BITS - (int)(op.constant & 255);
    const bool is_signed = op.constant >> 8 & 1;
    const word sign = op.constant >> 9 & 1 ? -1 : 1;
    for (int i = 0; i < LANES; i++) {
        word chosen = (c[i] >> r) & 1 ? shifted(a[i], p) : shifted(sign * b[i], q);
        out[i] = is_signed ? wrap_signed(chosen, spare) : wrap_unsigned(chosen, spare);
    }
}

// p: shift up of the product, r: shift down
inline void multiply(const Op &op, word *out, const word *a, const word *b) {
    const int p = op.p, r = op.r;
    if (p || r)
        each(out, a, b, [=](word x, word y) { return (word)(up(x * y, p) >> r); });
    else
        each(out, a, b, [](word x, word y) { return (word)(x * y); });
}

// constant: where the table begins, q: bits of the operand, which are the entry's number
inline void look_up(const Op &op, word *__restrict out, const word *a, const word *tables) {
    const word *table = tables + op.constant;
    const uword mask = ((uword)1 << op.q) - 1;
    for (int i = 0; i < LANES; i++)
        out[i] = table[(uword)a[i] & mask];
}

// constant: the operand is negated, p: its width then, q: width of the result, s: it has a sign
inline void bit_unary(const Op &op, word *out, const word *a) {
    const uword mask = ((uword)1 << op.p) - 1;
    const word sign = op.constant ? -1 : 1;
    const int q = BITS - op.q;
    if (op.code == ANY)
        return each(out, a, a, [](word x, word) { return (word)(x != 0); });
    if (op.code == ALL)
        return each(out, a, a, [=](word x, word) { return (word)(((uword)(sign * x) & mask) == mask); });
    if (op.s)
        each(out, a, a, [=](word x, word) { return wrap_signed(~(sign * x), q); });
    else
        each(out, a, a, [=](word x, word) { return wrap_unsigned((word)(~(uword)(sign * x) & mask), q); });
}

// p, q: shifts up of a and b; r: width of the result, s: it has a sign; constant: which of a and b are negated
template <typename F> inline void bit_binary(const Op &op, word *out, const word *a, const word *b, F f) {
    const int p = op.p, q = op.q, r = BITS - op.r;
    const word first = op.constant & 1 ? -1 : 1, second = op.constant & 2 ? -1 : 1;
    if (op.s)
        each(out, a, b, [=](word x, word y) { return wrap_signed(f(up(first * x, p), up(second * y, q)), r); });
    else
        each(out, a, b, [=](word x, word y) { return wrap_unsigned(f(up(first * x, p), up(second * y, q)), r); });
}

inline void run_op(const Op &op, word *values, const word *tables) {
    word *out = values + (size_t)op.out * LANES;
    const word *a = values + (size_t)op.a * LANES, *b = values + (size_t)op.b * LANES;
    switch (op.code) {
    case ADD: return add<1>(op, out, a, b);
    case SUBTRACT: return add<-1>(op, out, a, b);
    case RELU: return relu<1>(op, out, a);
    case RELU_NEGATED: return relu<-1>(op, out, a);
    case QUANTISE: return quantise<1>(op, out, a);
    case QUANTISE_NEGATED: return quantise<-1>(op, out, a);
    case ADD_CONSTANT: {
        const word constant = (word)op.constant;
        const int p = op.p, r = op.r;
        return each(out, a, a, [=](word x, word) { return (word)((up(x, p) >> r) + constant); });
    }
    case CONSTANT:
        for (int i = 0; i < LANES; i++)
            out[i] = (word)op.constant;
        return;
    case SELECT: return select(op, out, a, b, values + (size_t)op.s * LANES);
    case MULTIPLY: return multiply(op, out, a, b);
    case TABLE: return look_up(op, out, a, tables);
    case NOT: case ANY: case ALL: return bit_unary(op, out, a);
    case AND: return bit_binary(op, out, a, b, [](word x, word y) { return (word)(x & y); });
    case OR: return bit_binary(op, out, a, b, [](word x, word y) { return (word)(x | y); });
    case XOR: return bit_binary(op, out, a, b, [](word x, word y) { return (word)(x ^ y); });
    }
}

// truncate to the input's grid and wrap to its width, as the firmware's input port does; doubles
// hold every step of it exactly for any finite value
inline void convert(const Input &input, word *out, const input_real *x) {
    const double grid = std::ldexp(1.0, input.fraction), turn = std::ldexp(1.0, input.width);
    const double inverse = 1.0 / turn, half = input.is_signed ? 0.5 : 0.0;
    for (int i = 0; i < LANES; i++) {
        double raw = std::floor((double)x[i] * grid);
        out[i] = (word)(raw - std::floor(raw * inverse + half) * turn);
    }
}

bool all_finite(const input_real *x, size_t n) {
    int wrong = 0;
    for (size_t i = 0; i < n; i++)
        wrong |= !(std::fabs(x[i]) <= std::numeric_limits<input_real>::max());
    return !wrong;
}

void load_block(const Program &program, word *values, const input_real *x, size_t n_jets) {
    input_real tile[TILE][LANES];
    std::memset(tile, 0, sizeof tile);
    for (size_t start = 0; start < program.n_inputs; start += TILE) {
        const Input *inputs = program.inputs + start;
        const size_t n = program.n_inputs - start < TILE ? program.n_inputs - start : TILE;
        for (size_t jet = 0; jet < n_jets; jet++)
            for (size_t i = 0; i < n; i++)
                tile[i][jet] = x[jet * program.n_columns + inputs[i].column];
        for (size_t i = 0; i < n; i++)
            convert(inputs[i], values + (size_t)inputs[i].slot * LANES, tile[i]);
    }
}

void store_block(const Program &program, const word *values, output_real *y, size_t n_jets) {
    for (size_t i = 0; i < program.n_outputs; i++) {
        const Output &output = program.outputs[i];
        const word *from = values + (size_t)(output.slot < 0 ? 0 : output.slot) * LANES;
        for (size_t jet = 0; jet < n_jets; jet++)
            y[jet * program.n_outputs + i] =
                output.slot < 0 ? 0 : (output_real)((double)from[jet] * output.scale);
    }
}

} // namespace

extern "C" {

int jetmix_emulator_word_bits() { return BITS; }

// 0 if all went well, 1 if there is no memory, 2 if a value is not finite
int jetmix_emulator_run(const Program *program, const input_real *x, output_real *y, size_t n_jets) {
    word *values = new (std::align_val_t(64), std::nothrow) word[program->n_slots * LANES];
    if (!values)
        return 1;
    std::memset(values, 0, program->n_slots * LANES * sizeof(word));
    int status = 0;
    for (size_t start = 0; start < n_jets; start += LANES) {
        const size_t n = n_jets - start < (size_t)LANES ? n_jets - start : LANES;
        if (!all_finite(x + start * program->n_columns, n * program->n_columns)) {
            status = 2;
            break;
        }
        load_block(*program, values, x + start * program->n_columns, n);
        for (size_t i = 0; i < program->n_ops; i++)
            run_op(program->ops[i], values, program->tables);
        store_block(*program, values, y + start * program->n_outputs, n);
    }
    ::operator delete[](values, std::align_val_t(64));
    return status;
}

}
