// Matrix products of bfloat16 operands with float32 sums, on AVX512_BF16 or AMX, and the pieces of
// small float32 ones on AVX-512.
//
// A product takes two operands: a left one as rows and a right one cut into panels. In bfloat16 both
// hold pairs of neighbours along the depth, the dimension summed over, because the instructions
// multiply pairs. Work is cut into tiles of fixed size and each sum runs over the depth in one order,
// so results do not depend on the number of threads.
//
// Nothing that takes Bf16 arguments may be called unless bf16_available().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::kernels {

// bfloat16 numbers are the upper halves of float32 ones.
using Bf16 = std::uint16_t;

// [rows, depth]; row r starts at data + r * stride. Elements from depth to padded_depth(depth) are
// zero. Memory for padded_rows(rows) rows must exist (AMX loads whole tiles); those beyond `rows` may hold
// anything.
struct Bf16Rows {
  Bf16* data = nullptr;
  std::int64_t rows = 0, depth = 0, stride = 0;
};

// [depth, columns] as panels of kPanelWidth columns, each [padded depth / 2][column][2]; what lies
// beyond depth or columns is zero.
struct Bf16Panels {
  Bf16* data = nullptr;
  std::int64_t depth = 0, columns = 0;
};

constexpr std::int64_t kPanelWidth = 32;
constexpr std::int64_t kDepthStep = 32;

[[nodiscard]] std::int64_t padded_depth(std::int64_t depth);
[[nodiscard]] std::int64_t padded_rows(std::int64_t rows);
// A stride that keeps the rows of a tile out of each other's cache sets.
[[nodiscard]] std::int64_t row_stride(std::int64_t depth);
// Elements a Bf16Panels needs; a Bf16Rows needs padded_rows(rows) * row_stride(depth). Both should
// be aligned to 64 bytes.
[[nodiscard]] std::int64_t panels_size(std::int64_t depth, std::int64_t columns);

// out = x rounded, x [out.rows, out.depth] contiguous. `column_sums`, if not null, receives the
// float32 sums of the columns of x as it was.
void round_rows(const float* x, Bf16Rows out, float* column_sums = nullptr);

// out[depth, rows] = x[rows, depth] transposed.
void transpose(Bf16Rows x, Bf16Rows out);

// A right operand of x: depth is x's rows, columns are x's columns.
void pack(Bf16Rows x, Bf16Panels out);

// A right operand of x transposed: depth is x's depth, columns are x's rows.
void pack_transposed(Bf16Rows x, Bf16Panels out);

// What happens to the product [rows, columns] before it reaches memory. All arrays are contiguous.
struct Epilogue {
  enum class Kind {
    sum,            // sum = product + bias
    gelu,           // sum = product + bias, rounded = gelu(sum)
    gelu_gradient,  // rounded = product * gelu'(sum), column_sums = its sums before rounding
  };
  Kind kind = Kind::sum;
  const float* bias = nullptr;   // [columns] or null
  float* sum = nullptr;          // [rows, columns]
  Bf16Rows rounded;              // [rows, columns]
  float* column_sums = nullptr;  // [columns]
};

// Rows of a left operand as the paths read them: element (r, k) lies at
// data + k / kDepthStep * step + r * stride + k % kDepthStep. Memory for 32 rows must exist.
struct Bf16Left {
  const Bf16* data = nullptr;
  std::int64_t stride = 0, step = kDepthStep;
};

constexpr std::int64_t kBf16TileRows = 32;

// Memory that is read soon after a product: a path may bring these cache lines of 64 bytes nearer while it
// multiplies, a few between one step of the depth and the next. All at once they would hold up its own loads.
// It need not exist: fetching what does not does nothing.
struct FetchAhead {
  const Bf16* data = nullptr;
  std::int64_t lines = 0;

  // Slice `index` of `count` of what a later product of this depth reads at `data`: a panel, or the rows of a
  // left tile whose steps lie one behind the other. Either is kPanelWidth numbers, one line, a unit of depth.
  [[nodiscard]] static FetchAhead slice(const Bf16* data, std::int64_t depth, std::int64_t index,
                                        std::int64_t count) {
    const std::int64_t first = index * depth / count;
    return {data + first * kPanelWidth, (index + 1) * depth / count - first};
  }
};

// One way to compute the products.
struct Bf16Path {
  const char* name;  // "avx512_bf16", "amx"
  // A thread calls these around its products (TileSession): AMX wants its registers set up and given back.
  void (*enter)();
  void (*leave)();
  // The product of `rows` <= kBf16TileRows rows with one panel, to float32 [kBf16TileRows, kPanelWidth], of
  // which rows past `rows` may be overwritten; `depth` is padded. With `add`, added to what is there.
  void (*multiply_tile)(const Bf16Left& left, std::int64_t rows, const Bf16* panel, std::int64_t depth,
                        float* out, bool add, const FetchAhead& ahead);
};

// The time in which a thread multiplies tiles on a path, of these or of int8.h.
template <typename Path>
class TileSession {
 public:
  explicit TileSession(const Path& path) : path_(path) { path_.enter(); }
  ~TileSession() { path_.leave(); }
  TileSession(const TileSession&) = delete;
  TileSession& operator=(const TileSession&) = delete;

 private:
  const Path& path_;
};

// left times right. The depths must agree.
void multiply(Bf16Rows left, Bf16Panels right, const Epilogue& epilogue);
void multiply(Bf16Rows left, Bf16Panels right, const Epilogue& epilogue, const Bf16Path& path);

// Whether this CPU, and QUIRE_ISA, have a path.
[[nodiscard]] bool bf16_available();

// Whether the chosen path is faster than float32. AMX is; AVX512_BF16 is on AMD's CPUs, which do two
// bf16 products in the time of one in float32 (Zen 4), and was half as fast on an Intel one.
[[nodiscard]] bool bf16_pays();

// One sentence: which path was chosen and why, or why there is none.
[[nodiscard]] std::string bf16_choice();

// The chosen path; throws Error where there is none.
[[nodiscard]] const Bf16Path& bf16_path();

// All paths this CPU runs, the plainest first.
[[nodiscard]] std::vector<const Bf16Path*> available_bf16_paths();

// float32 [rows, depth]; row r starts at data + r * stride.
struct Fp32Rows {
  const float* data = nullptr;
  std::int64_t rows = 0, depth = 0, stride = 0;
};

// What products of a few thousand numbers are made of, one thread's work each. Panels are
// [depth][kPanelWidth], zero beyond the matrix.
struct Fp32Tiles {
  std::int64_t tile_rows;
  // The product of `rows` <= tile_rows rows with one panel, to [rows, kPanelWidth] with `out_stride`.
  void (*multiply)(const float* left, std::int64_t stride, std::int64_t rows, const float* panel,
                   std::int64_t depth, float* out, std::int64_t out_stride);
  // One panel of x: depth is x's rows, columns [column, column + kPanelWidth) of x.
  void (*pack)(const Fp32Rows& x, std::int64_t column, float* out);
  // One panel of x transposed: depth is x's depth, columns are rows of x from `row` on.
  void (*pack_transposed)(const Fp32Rows& x, std::int64_t row, float* out);
  // out [x.depth, x.rows] = x transposed.
  void (*transpose)(const Fp32Rows& x, float* out, std::int64_t out_stride);
};

// Null where the chosen kernels (kernels.h) are not those of AVX-512.
[[nodiscard]] const Fp32Tiles* fp32_tiles();

}  // namespace quire::kernels
