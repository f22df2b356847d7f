// A matrix of probabilities.
#include "fuzz/fuzz.h"
#include "quire/base/matrix.h"

namespace quire {

QUIRE_FUZZ_TARGET(npy) {
  static const fuzz::Folder folder;
  const Matrix matrix = read_npy(folder.put("oof.npy", input));
  fuzz::require(matrix.values.size() == static_cast<std::size_t>(matrix.rows * matrix.cols),
                "the matrix is whole");
}

}  // namespace quire
