// What the two kinds of AMX products share. No library header: see CMakeLists.txt.
#pragma once

#include <stdint.h>

namespace quire::kernels {

// Palette 1, eight tiles of 16 rows of 64 bytes. A thread loads it before its products and releases it
// after them, so that whoever else uses the tile registers in this thread finds them as after start.
// Loading it for every tile would cost a fifth of a product of depth 384.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

// Asks the kernel for the tile registers, multiplies and compares. Async-signal-safe, for a forked
// child. False if the numbers are wrong; may end in SIGILL.
bool amx_works();
bool amx_int8_works();
// Asks the kernel for the tile registers of this process.
bool request_amx();

// Whether the CPU announces AMX with products of these, and they passed their test in a child.
enum class Amx { absent, broken, works };
Amx probe_amx();
Amx probe_amx_int8();

}  // namespace quire::kernels
