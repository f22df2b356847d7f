// Tiles of 32 rows by 32 columns with tdpbusd, as in gemm_amx.cpp: each step takes 64 of the depth.
#include <immintrin.h>

#include "kernels/amx.h"
#include "kernels/prediction_loops.h"
#include "quire/kernels/gemm.h"

namespace quire::kernels {
namespace {

constexpr int kTileRows = 32;

void enter() {
  static constexpr TileConfig kConfig;
  _tile_loadconfig(&kConfig);
}

void leave() { _tile_release(); }

void multiply_tile(const uint8_t* left, int64_t stride, int64_t rows, const int8_t* panel, int64_t depth,
                   int32_t* out) {
  const auto left_bytes = static_cast<size_t>(stride);
  constexpr size_t kPanelBytes = 4 * kPanelWidth;
  constexpr size_t kOutBytes = kPanelWidth * sizeof(int32_t);
  const bool lower = rows > 16;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t k = 0; k < depth; k += kInt8DepthStep, panel += kInt8DepthStep * kPanelWidth) {
    _tile_loadd(4, panel, kPanelBytes);
    _tile_loadd(5, panel + 2 * kPanelWidth, kPanelBytes);
    _tile_loadd(6, left + k, left_bytes);
    _tile_dpbusd(0, 6, 4);
    _tile_dpbusd(1, 6, 5);
    if (lower) {
      _tile_loadd(7, left + 16 * stride + k, left_bytes);
      _tile_dpbusd(2, 7, 4);
      _tile_dpbusd(3, 7, 5);
    }
  }
  _tile_stored(0, out, kOutBytes);
  _tile_stored(1, out + 16, kOutBytes);
  _tile_stored(2, out + 16 * kPanelWidth, kOutBytes);
  _tile_stored(3, out + 16 * kPanelWidth + 16, kOutBytes);
}

}  // namespace

const Int8Path amx_int8_path = {"amx", kTileRows, enter, leave, multiply_tile};

bool amx_int8_works() {
  if (!request_amx()) return false;
  constexpr int kDepth = 128;
  alignas(64) uint8_t left[kTileRows * kDepth];
  alignas(64) int8_t panel[kDepth * kPanelWidth];
  alignas(64) int32_t out[kTileRows * kPanelWidth];
  const auto left_value = [](int r, int k) { return (r * 7 + k * 3) % 256; };
  const auto right_value = [](int k, int c) { return (k * 5 + c * 2) % 256 - 128; };
  for (int r = 0; r < kTileRows; ++r) {
    for (int k = 0; k < kDepth; ++k) left[r * kDepth + k] = static_cast<uint8_t>(left_value(r, k));
  }
  for (int k = 0; k < kDepth; ++k) {
    for (int c = 0; c < kPanelWidth; ++c)
      panel[(k / 4 * kPanelWidth + c) * 4 + k % 4] = static_cast<int8_t>(right_value(k, c));
  }
  enter();
  multiply_tile(left, kDepth, kTileRows, panel, kDepth, out);
  leave();
  for (int r = 0; r < kTileRows; ++r) {
    for (int c = 0; c < kPanelWidth; ++c) {
      int expected = 0;
      for (int k = 0; k < kDepth; ++k) expected += left_value(r, k) * right_value(k, c);
      if (out[r * kPanelWidth + c] != expected) return false;
    }
  }
  return true;
}

}  // namespace quire::kernels
