#include "text/tokenizer_class.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace quire::text {
namespace {

namespace fs = std::filesystem;
using Form = TokenizerClass::Form;
using Names = TokenizerClass::Names;

constexpr std::array kClasses = {
    TokenizerClass{"BertTokenizer", Form::wordpiece, true, Names::bert},
    TokenizerClass{"ElectraTokenizer", Form::wordpiece, true, Names::bert},
    TokenizerClass{"MobileBertTokenizer", Form::wordpiece, true, Names::bert},
    TokenizerClass{"SqueezeBertTokenizer", Form::wordpiece, true, Names::bert},
    TokenizerClass{"LayoutLMTokenizer", Form::wordpiece, true, Names::bert},
    TokenizerClass{"LxmertTokenizer", Form::wordpiece, true, Names::bert},
    TokenizerClass{"DistilBertTokenizer", Form::wordpiece, false, Names::bert},
    TokenizerClass{"MPNetTokenizer", Form::wordpiece, false, Names::mpnet},
    TokenizerClass{"RobertaTokenizer", Form::byte_level, false, Names::roberta},
    TokenizerClass{"BartTokenizer", Form::byte_level, false, Names::roberta},
    TokenizerClass{"LongformerTokenizer", Form::byte_level, false, Names::roberta},
    TokenizerClass{"LEDTokenizer", Form::byte_level, false, Names::roberta},
    TokenizerClass{"PreTrainedTokenizer", Form::stored, false, Names::bert},
    TokenizerClass{"TokenizersBackend", Form::stored, false, Names::bert},
    TokenizerClass{"PythonBackend", Form::stored, false, Names::bert},
    // transformers 5 knows these no more and reads tokenizer.json instead.
    TokenizerClass{"RetriBertTokenizer", Form::stored, false, Names::bert},
    TokenizerClass{"NezhaTokenizer", Form::stored, false, Names::bert},
    TokenizerClass{"ErnieTokenizer", Form::stored, false, Names::bert},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kModelTypes{{
    {"bert", "BertTokenizer"},
    {"electra", "BertTokenizer"},
    {"mobilebert", "BertTokenizer"},
    {"squeezebert", "BertTokenizer"},
    {"convbert", "BertTokenizer"},
    {"distilbert", "BertTokenizer"},
    {"mpnet", "MPNetTokenizer"},
    {"roberta", "RobertaTokenizer"},
    {"bart", "RobertaTokenizer"},
    {"longformer", "RobertaTokenizer"},
    {"led", "RobertaTokenizer"},
}};

const TokenizerClass* find_class(std::string_view name) {
  if (name.ends_with("Fast")) name.remove_suffix(4);
  const auto* const found = std::ranges::find(kClasses, name, &TokenizerClass::name);
  return found == kClasses.end() ? nullptr : found;
}

bool has_tokenizer_json(const fs::path& directory) { return fs::exists(directory / "tokenizer.json"); }

[[noreturn]] void refuse_class(const Section& name, const fs::path& directory) {
  const std::string hint =
      has_tokenizer_json(directory)
          ? "If the model was trained with what tokenizer.json says, set it to \"PreTrainedTokenizerFast\"."
          : "Save the tokenizer as tokenizer.json with transformers "
            "(AutoTokenizer.from_pretrained(DIR).backend_tokenizer.save(\"DIR/tokenizer.json\")) and set "
            "this "
            "to \"PreTrainedTokenizerFast\".";
  name.fail_expecting(
      "BertTokenizer, ElectraTokenizer, DistilBertTokenizer, MPNetTokenizer, RobertaTokenizer or "
      "PreTrainedTokenizerFast",
      hint);
}

TokenizerClass of_name(const Section& object, const fs::path& directory) {
  const TokenizerClass* found = find_class(object.string("tokenizer_class"));
  if (found == nullptr) refuse_class(object.at("tokenizer_class"), directory);
  return *found;
}

// Code of the model's own decides what a token is, and we run none.
void refuse_own_code(const Section& config, const fs::path& directory) {
  if (has_tokenizer_json(directory) || !config.has("auto_map")) return;
  const Section map = config.at("auto_map");
  if (map.value().is_array() || map.has("AutoTokenizer")) {
    map.fail("the tokenizer is code of the model's own, which Quire does not run",
             "Save the tokenizer as tokenizer.json with transformers.");
  }
}

TokenizerClass of_model_type(const Section& object, const fs::path& directory) {
  if (!object.has("model_type")) return {};
  const std::string type = object.string("model_type");
  const auto* const known =
      std::ranges::find(kModelTypes, type, &std::pair<std::string_view, std::string_view>::first);
  if (known != kModelTypes.end()) return *find_class(known->second);
  if (!has_tokenizer_json(directory)) {
    object.at("model_type")
        .fail_expecting("one whose tokenizer is known (bert, electra, roberta)",
                        "Save the tokenizer as tokenizer.json with transformers.");
  }
  return {};
}

TokenizerClass of_files(const fs::path& directory, const Section& config) {
  if (config.has("tokenizer_class")) return of_name(config, directory);
  const std::optional<Json> model = read_json_if_present(directory / "config.json");
  if (!model) return {};
  const Section object(*model, fmt::format("\"{}\"", (directory / "config.json").string()));
  object.expect_object();
  if (object.has("tokenizer_class")) return of_name(object, directory);
  refuse_own_code(config, directory);
  return of_model_type(object, directory);
}

}  // namespace

TokenizerClass find_tokenizer_class(const fs::path& directory, const Section& config) {
  TokenizerClass found = of_files(directory, config);
  if (config.has("model_input_names") && config.at("model_input_names").value().is_array())
    found.segments = std::ranges::count(config.strings("model_input_names"), "token_type_ids") > 0;
  return found;
}

}  // namespace quire::text
