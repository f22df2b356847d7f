#include "pipeline/member_factory.h"

#include <fmt/format.h>

#include "members/fasttext/fasttext.h"
#include "members/lightgbm/lightgbm.h"
#include "members/linear/linear.h"
#include "quire/base/error.h"
#include "quire/members/backend.h"

namespace quire {
namespace {

[[noreturn]] void throw_unknown(std::string_view kind) {
  throw InputError(fmt::format("no member is called '{}'", kind), "see `quire train --help`");
}

}  // namespace

std::unique_ptr<Member> make_member(const TrainOptions& options, const Context& context) {
  if (options.member == "encoder") return torch_backend().make_encoder(options.encoder, context);
  if (options.member == "linear") return make_linear(options.linear, context);
  if (options.member == "lightgbm") return make_lightgbm(options.lightgbm, context);
  if (options.member == "fasttext") return make_fasttext(options.fasttext, context);
  if (options.member == "textcnn") return torch_backend().make_textcnn(options.textcnn, context);
  throw_unknown(options.member);
}

std::unique_ptr<FittedMember> open_member(std::string_view kind, const std::filesystem::path& directory,
                                          const OpenOptions& options, const Context& context) {
  if (kind == "encoder") return torch_backend().open_encoder(directory, options, context);
  if (options.precision != "fp32" && options.precision != "auto") {
    throw InputError(fmt::format("--precision is {}, but '{}' is a {} member", options.precision,
                                 directory.string(), kind),
                     "encoders alone have a choice: leave it at fp32");
  }
  if (kind == "linear") return open_fitted_linear(directory, options.max_length, context);
  if (kind == "lightgbm") return open_fitted_lightgbm(directory, context);
  if (kind == "fasttext") return open_fitted_fasttext(directory, context);
  if (kind == "textcnn") return torch_backend().open_textcnn(directory, options, context);
  throw_unknown(kind);
}

}  // namespace quire
