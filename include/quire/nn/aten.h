// The part of libtorch we use, precompiled: its umbrella header would cost three times as much.
#pragma once

// IWYU pragma: begin_exports
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>
// IWYU pragma: end_exports
