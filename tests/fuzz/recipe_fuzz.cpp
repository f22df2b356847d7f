// recipe.toml. One that is taken is written again, and reads the same.
#include "fuzz/fuzz.h"
#include "quire/pipeline/recipe.h"

namespace quire {

QUIRE_FUZZ_TARGET(recipe) {
  const std::string written = write_recipe(read_recipe(input, "/data/recipe.toml"));
  fuzz::require(write_recipe(read_recipe(written, "/data/recipe.toml")) == written,
                "a recipe that was written reads the same");
}

}  // namespace quire
