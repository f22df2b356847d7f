// What is checked of an encoder's directory and options before it is loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "quire/base/error.h"
#include "quire/hub/config.h"
#include "quire/nn/precision.h"
#include "quire/text/tokenizer.h"

namespace quire {

// Throws InputError when the tokenizer has ids or segments that the model has no embedding of.
void check_tokenizer(const Tokenizer& tokenizer, const EncoderConfig& config,
                     const std::filesystem::path& directory);

// The answer to documents of two texts, when the model has fewer segments than its tokenizer gives them. That
// of RoBERTa gives one.
[[nodiscard]] std::optional<InputError> refuse_pairs(const Tokenizer& tokenizer, const EncoderConfig& config,
                                                     const std::filesystem::path& directory);

// Throws InputError when the model has fewer positions.
void check_max_length(std::int64_t max_length, const EncoderConfig& config);

// fp32, bf16, int8 (to predict) or auto, which on a device is bf16. Throws InputError for what the device or
// this CPU cannot.
[[nodiscard]] nn::Precision choose_precision(const std::string& name, c10::Device device);

}  // namespace quire
