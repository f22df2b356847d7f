// Options that several learners have: bound to the fields of the same name in their options.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/option.h"

namespace quire {

// "name = value" of the named options, for MemberSettings::reading.
[[nodiscard]] inline std::string values_of(const std::vector<Option>& table,
                                           std::initializer_list<std::string_view> names) {
  std::string text;
  for (const Option& option : table) {
    if (std::ranges::find(names, option.name) == names.end()) continue;
    text.append(option.name).append(" = ").append(value_text(option)).append("\n");
  }
  return text;
}

// How texts are cleaned: linear, LightGBM, fastText, TextCNN.
template <typename Options>
[[nodiscard]] Option clean_option(Options& o) {
  return {.name = "clean",
          .help =
              "steps of cleaning, comma-separated: lowercase, lemmatize, strip-latex, strip-urls, "
              "stop-words, none",
          .value = &o.clean};
}

// How texts become words: fastText, TextCNN.
template <typename Options>
[[nodiscard]] Option punctuation_option(Options& o) {
  return {.name = "punctuation",
          .help = "signs: drop, split (words of their own) or keep (part of their word)",
          .value = &o.punctuation,
          .choices = {"drop", "split", "keep"}};
}

template <typename Options>
[[nodiscard]] Option class_weights_option(Options& o) {
  return {.name = "class-weights",
          .help =
              "how much the rows of a class count: none, balanced (inverse frequency), effective (inverse "
              "effective number of rows) or a file of lines LABEL<tab>WEIGHT",
          .value = &o.class_weights,
          .is_path = true,
          .keywords = {"none", "balanced", "effective"}};
}

// TF-IDF: linear, LightGBM.
template <typename Options>
[[nodiscard]] std::vector<Option> tfidf_options(Options& o) {
  return {clean_option(o),
          {.name = "min-word-ngram",
           .help = "shortest n-gram of words",
           .value = &o.min_word_ngram,
           .least = 1,
           .most = 20},
          {.name = "max-word-ngram",
           .help = "longest n-gram of words; 0: none",
           .value = &o.max_word_ngram,
           .least = 0,
           .most = 20},
          {.name = "min-char-ngram",
           .help = "shortest n-gram of characters within words",
           .value = &o.min_char_ngram,
           .least = 0,
           .most = 20},
          {.name = "max-char-ngram",
           .help = "longest n-gram of characters within words; 0: none",
           .value = &o.max_char_ngram,
           .least = 0,
           .most = 20},
          {.name = "min-df",
           .help = "a term occurs in at least so many training rows (below 1: such a share)",
           .value = &o.min_df,
           .least = 0,
           .most = kMany},
          {.name = "max-df",
           .help = "a term occurs in at most such a share of the training rows (above 1: so many)",
           .value = &o.max_df,
           .least = 0,
           .most = kMany},
          {.name = "max-features",
           .help = "the most frequent terms are kept; 0: all",
           .value = &o.max_features,
           .least = 0,
           .most = kMany},
          {.name = "sublinear-tf", .help = "counts become 1 + ln(count)", .value = &o.sublinear_tf}};
}

// The loop of train/: encoder, TextCNN.

template <typename Options>
[[nodiscard]] std::vector<Option> optimizer_options(Options& o) {
  return {{.name = "weight-decay",
           .help = "of AdamW; not for biases and norms",
           .value = &o.weight_decay,
           .least = 0,
           .most = 10},
          {.name = "schedule",
           .help = "the learning rate after warmup: falls linearly or along a cosine, or stays constant",
           .value = &o.schedule,
           .choices = {"linear", "cosine", "constant"}},
          {.name = "warmup-ratio",
           .help = "share of the optimiser steps in which the learning rate rises",
           .value = &o.warmup_ratio,
           .least = 0,
           .most = 1},
          {.name = "max-grad-norm",
           .help = "clip the global gradient norm; 0: no clipping",
           .value = &o.max_grad_norm,
           .least = 0,
           .most = kMany}};
}

template <typename Options>
[[nodiscard]] std::vector<Option> loss_options(Options& o) {
  return {{.name = "label-smoothing",
           .help = "share of the target spread evenly over the classes",
           .value = &o.label_smoothing,
           .least = 0,
           .most = 0.9},
          class_weights_option(o),
          {.name = "adversarial",
           .help = "train on perturbed word embeddings as well: fgm (one step) or pgd (several)",
           .value = &o.adversarial,
           .choices = {"none", "fgm", "pgd"}},
          {.name = "adversarial-epsilon",
           .help = "norm of the perturbation",
           .value = &o.adversarial_epsilon,
           .least = 0,
           .most = 1000},
          {.name = "adversarial-steps",
           .help = "steps of pgd",
           .value = &o.adversarial_steps,
           .least = 1,
           .most = 100}};
}

// Which weights are kept, and checkpoints.
template <typename Options>
[[nodiscard]] std::vector<Option> keeping_options(Options& o) {
  return {{.name = "select",
           .help = "which epoch is kept: last; best, by rows held out of the fold's own training rows; "
                   "best-of-fold, by the rows that the fold is scored on, which flatters the score; auto: "
                   "best with --patience or --average-best, else last",
           .value = &o.select,
           .choices = {"auto", "last", "best", "best-of-fold"}},
          {.name = "ema",
           .help = "decay of an exponential moving average of the weights, which is scored and kept; 0: none",
           .value = &o.ema,
           .least = 0,
           .most = 0.99999},
          {.name = "patience",
           .help = "stop after N epochs without a better validation accuracy; 0: never",
           .value = &o.patience,
           .least = 0,
           .most = 10000},
          {.name = "save-every",
           .help = "minutes between checkpoints",
           .value = &o.save_every,
           .least = 0,
           .most = kMany,
           .in_recipe = false}};
}

// How an encoder computes: encoder, linear.
template <typename Options>
[[nodiscard]] Option precision_option(Options& o) {
  return {.name = "precision",
          .help = "of the matrix products; auto takes bf16 where it is faster (AMX, AMD's Zen 4, CUDA)",
          .value = &o.precision,
          .choices = {"fp32", "bf16", "auto"}};
}

// What the loop of train/ runs on: encoder, textcnn.
template <typename Options>
[[nodiscard]] Option device_option(Options& o) {
  return {.name = "device",
          .help = "where to train; auto: on a CUDA device where there is one",
          .value = &o.device,
          .choices = {"cpu", "cuda", "auto"}};
}

}  // namespace quire
