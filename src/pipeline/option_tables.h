// The options of each kind of learner, one file each.
#pragma once

#include <vector>

#include "quire/pipeline/options.h"

namespace quire {

// For numbers without a natural upper end.
inline constexpr double kMany = 1e9;

void add_encoder_options(TrainOptions& options, std::vector<Option>& table);
void add_fasttext_options(TrainOptions& options, std::vector<Option>& table);
void add_lightgbm_options(TrainOptions& options, std::vector<Option>& table);
void add_linear_options(TrainOptions& options, std::vector<Option>& table);
void add_textcnn_options(TrainOptions& options, std::vector<Option>& table);

// What the ranges of single options cannot say.
void check_encoder_options(const EncoderOptions& options);
void check_linear_options(const LinearOptions& options);

}  // namespace quire
