// The names of special tokens, as transformers takes them from a directory.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "quire/base/json.h"
#include "text/tokenizer_class.h"

namespace quire::text {

enum class ModelKind { wordpiece, byte_level };

class SpecialNames {
 public:
  // In the order in which transformers adds those that a vocabulary lacks.
  static constexpr std::array<const char*, 7> kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                        "pad_token", "cls_token", "mask_token"};

  // `config` is tokenizer_config.json, `map` special_tokens_map.json; both may be empty objects.
  SpecialNames(const Section& config, const Section& map, TokenizerClass::Names defaults);

  // As transformers: special_tokens_map.json is the older of the two files, and is not read where
  // the newer one has the tokens' flags.
  [[nodiscard]] static bool map_counts(const Section& config);

  // An entry of tokenizer.json's "added_tokens" (less its id) for the token in a role; null when
  // there is none.
  [[nodiscard]] const Json& token(std::string_view role) const;
  // Its content, if there is one.
  [[nodiscard]] std::optional<std::string> name(std::string_view role) const;

 private:
  Json tokens_;
};

// An entry of "added_tokens" from a token's content, or from an object with its flags.
[[nodiscard]] Json added_token_entry(const Section& value, bool special, bool normalized);

}  // namespace quire::text
