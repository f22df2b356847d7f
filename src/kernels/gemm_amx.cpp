// Tiles of 32 rows by 32 columns with tdpbf16ps: four 16 x 16 sums, two tiles of each operand.
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernels/amx.h"
#include "kernels/bf16.h"

namespace quire::kernels {
namespace {

void enter() {
  static constexpr TileConfig kConfig;
  _tile_loadconfig(&kConfig);
}

void leave() { _tile_release(); }

// Brings a tile of a left operand, which comes from the second or third level, into the first; the panel's
// part lies there, for all rows.
inline void fetch_rows(const Bf16* rows, int64_t stride) {
  for (int64_t r = 0; r < kBf16TileRows; ++r)
    _mm_prefetch(reinterpret_cast<const char*>(rows + r * stride), _MM_HINT_T0);
}

// Steps of the depth from that to the tile's own load. Fewer are too late; a part is six to eight steps deep.
constexpr int64_t kStepsAhead = 3;

// Sums in tiles 0 to 3, halves of the panel in 4 and 5, of the rows in 6 and 7. A load is issued well before
// the product that waits for it.
void multiply_tile(const Bf16Left& left, int64_t rows, const Bf16* panel, int64_t depth, float* out, bool add,
                   const FetchAhead& ahead) {
  const auto left_bytes = static_cast<size_t>(left.stride) * sizeof(Bf16);
  constexpr size_t kPanelBytes = 2 * kPanelWidth * sizeof(Bf16);
  constexpr size_t kOutBytes = kPanelWidth * sizeof(float);
  const bool lower = rows > 16;
  const Bf16* upper_rows = left.data;
  const Bf16* lower_rows = left.data + 16 * left.stride;
  if (add) {
    _tile_loadd(0, out, kOutBytes);
    _tile_loadd(1, out + 16, kOutBytes);
    _tile_loadd(2, out + 16 * kPanelWidth, kOutBytes);
    _tile_loadd(3, out + 16 * kPanelWidth + 16, kOutBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  constexpr int64_t kLine = 64;
  const auto* line = reinterpret_cast<const char*>(ahead.data);
  const int64_t lines_a_step = (ahead.lines * kDepthStep + depth - 1) / depth;
  for (int64_t k = 0; k < depth; k += kDepthStep, panel += kDepthStep * kPanelWidth) {
    for (int64_t i = 0; i < lines_a_step; ++i, line += kLine) _mm_prefetch(line, _MM_HINT_T1);
    if (k + kStepsAhead * kDepthStep < depth) fetch_rows(upper_rows + kStepsAhead * left.step, left.stride);
    _tile_loadd(4, panel, kPanelBytes);
    _tile_loadd(6, upper_rows, left_bytes);
    _tile_loadd(5, panel + kPanelWidth, kPanelBytes);
    _tile_dpbf16ps(0, 6, 4);
    if (lower) {
      _tile_loadd(7, lower_rows, left_bytes);
      _tile_dpbf16ps(1, 6, 5);
      _tile_dpbf16ps(2, 7, 4);
      _tile_dpbf16ps(3, 7, 5);
    } else {
      _tile_dpbf16ps(1, 6, 5);
    }
    upper_rows += left.step;
    lower_rows += left.step;
  }
  _tile_stored(0, out, kOutBytes);
  _tile_stored(1, out + 16, kOutBytes);
  _tile_stored(2, out + 16 * kPanelWidth, kOutBytes);
  _tile_stored(3, out + 16 * kPanelWidth + 16, kOutBytes);
}

Bf16 small_integer(int value) {
  union {
    float number;
    uint32_t bits;
  } word = {static_cast<float>(value)};
  return static_cast<Bf16>(word.bits >> 16);
}

}  // namespace

const Bf16Path amx_path = {"amx", enter, leave, multiply_tile};

bool request_amx() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool amx_works() {
  if (!request_amx()) return false;
  constexpr int kDepth = 64;
  alignas(64) Bf16 left[kBf16TileRows * kDepth];
  alignas(64) Bf16 panel[kDepth * kPanelWidth];
  alignas(64) float out[kBf16TileRows * kPanelWidth];
  const auto left_value = [](int r, int k) { return (r * 7 + k * 3) % 11 - 5; };
  const auto right_value = [](int k, int c) { return (k * 5 + c * 2) % 13 - 6; };
  for (int r = 0; r < kBf16TileRows; ++r) {
    for (int k = 0; k < kDepth; ++k) left[r * kDepth + k] = small_integer(left_value(r, k));
  }
  for (int k = 0; k < kDepth; ++k) {
    for (int c = 0; c < kPanelWidth; ++c)
      panel[(k / 2 * kPanelWidth + c) * 2 + k % 2] = small_integer(right_value(k, c));
  }
  enter();
  multiply_tile({left, kDepth, kDepthStep}, kBf16TileRows, panel, kDepth, out, false, {});
  leave();
  for (int r = 0; r < kBf16TileRows; ++r) {
    for (int c = 0; c < kPanelWidth; ++c) {
      int expected = 0;
      for (int k = 0; k < kDepth; ++k) expected += left_value(r, k) * right_value(k, c);
      if (out[r * kPanelWidth + c] != static_cast<float>(expected)) return false;
    }
  }
  return true;
}

}  // namespace quire::kernels
