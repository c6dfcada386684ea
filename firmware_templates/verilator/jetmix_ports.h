// Moves the bits of a port from and to words of 32 bits, whatever type Verilator gave it.
#pragma once
#include <cstddef>
#include <cstdint>

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
