// Philox4x32-10 (base/random.h) in ATen's operations on 64-bit integers: the same decisions on any device.
#include "nn/ops/dropout.h"

namespace quire::nn {
namespace {

constexpr std::int64_t kLow = 0xFFFFFFFF;
// As src/kernels/loops.cpp lays draws out: a block is 16 counters of four words of two halves, in the
// order word, half, counter.
constexpr std::int64_t kCounters = 16;
static_assert(kCounters * 4 * 2 == kDropoutBlock);

std::int64_t blocks(const DropoutPiece& piece) { return (piece.count + kDropoutBlock - 1) / kDropoutBlock; }

// The upper halves of 64-bit products. They overflow into the sign, which the mask takes off again.
at::Tensor upper(const at::Tensor& product) { return product.bitwise_right_shift(32).bitwise_and_(kLow); }

// The words of all counters, each a tensor of the shape of `counter`.
std::array<at::Tensor, 4> philox(std::array<at::Tensor, 4> counter, std::uint64_t key) {
  auto key0 = static_cast<std::uint32_t>(key);
  auto key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    at::Tensor product0 = counter[0] * std::int64_t{0xD2511F53};
    at::Tensor product1 = counter[2] * std::int64_t{0xCD9E8D57};
    counter[0] = upper(product1).bitwise_xor_(counter[1]).bitwise_xor_(std::int64_t{key0});
    counter[2] = upper(product0).bitwise_xor_(counter[3]).bitwise_xor_(std::int64_t{key1});
    counter[1] = product1.bitwise_and_(kLow);
    counter[3] = product0.bitwise_and_(kLow);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

}  // namespace

std::vector<std::int64_t> piece_starts(std::span<const DropoutPiece> pieces) {
  std::vector<std::int64_t> starts = {0};
  for (const DropoutPiece& piece : pieces) starts.push_back(starts.back() + blocks(piece) * kDropoutBlock);
  return starts;
}

at::Tensor draw_multipliers(std::span<const DropoutPiece> pieces,
                            const kernels::DropoutStream& seed_and_epoch, const kernels::DropoutRate& rate,
                            c10::Device device) {
  const auto count = static_cast<std::int64_t>(pieces.size());
  at::Tensor table = at::empty({4, count}, at::kLong);  // of each piece: first block, blocks, document, site
  auto* first = table.mutable_data_ptr<std::int64_t>();
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const DropoutPiece& piece = pieces[static_cast<std::size_t>(i)];
    first[i] = total;
    first[count + i] = blocks(piece);
    first[2 * count + i] = piece.document;
    first[3 * count + i] = piece.site;
    total += blocks(piece);
  }
  const at::Tensor pieces_here = table.to(device);
  const at::TensorOptions options = at::TensorOptions().dtype(at::kLong).device(device);
  // Of each block, [blocks, 1]: its place in its piece, document and site.
  const at::Tensor of_block = pieces_here.repeat_interleave(pieces_here[1], 1, total).unsqueeze(2);
  const at::Tensor block = at::arange(total, options).unsqueeze(1) - of_block[0];
  const std::array<std::int64_t, 2> shape = {total, kCounters};
  const std::int64_t epoch = seed_and_epoch.epoch;
  const std::array<at::Tensor, 4> words =
      philox({block * kCounters + at::arange(kCounters, options), of_block[3].expand(shape),
              of_block[2].expand(shape), at::full({1, 1}, epoch, options).expand(shape)},
             seed_and_epoch.seed);
  std::vector<at::Tensor> kept;
  for (const at::Tensor& word : words) {
    kept.push_back(word.bitwise_and(std::int64_t{0xFFFF}).ge(std::int64_t{rate.threshold}));
    kept.push_back(word.bitwise_right_shift(16).ge(std::int64_t{rate.threshold}));
  }
  return at::stack(kept, 1).view({-1}).to(at::kFloat).mul_(static_cast<double>(rate.scale));
}

}  // namespace quire::nn
