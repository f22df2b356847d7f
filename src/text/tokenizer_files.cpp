#include "text/tokenizer_files.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "text/vocabulary_files.h"

namespace quire::text {
namespace {

namespace fs = std::filesystem;

void take_merges(const Section& merges, TokenizerFiles& files) {
  files.merges.reserve(merges.expect_array().value().size());
  for (std::size_t i = 0; i < merges.value().size(); ++i) {
    const Json& merge = merges.value()[i];
    const auto where = [&] { return merges.at(i).where(); };
    if (merge.is_string()) {
      const auto& line = merge.get_ref<const std::string&>();
      if (!line.starts_with("#version")) files.merges.push_back(parse_merge(files.vocabulary, line, where));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      files.merges.push_back(resolve_merge(files.vocabulary, merge[0].get_ref<const std::string&>(),
                                           merge[1].get_ref<const std::string&>(), where));
    } else {
      merges.at(i).fail_expecting("two tokens");
    }
  }
}

std::string_view kind_name(ModelKind kind) {
  return kind == ModelKind::wordpiece ? "WordPiece" : "byte-level BPE";
}

// Files of older releases name no type; the reference tells them apart by their members.
std::string model_type(const Section& model) {
  if (model.has("type")) return model.string("type");
  if (model.has("merges")) return "BPE";
  return model.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
}

// "vocab" and "merges" of the model move out of the frame.
void take_model(TokenizerFiles& files) {
  const Section root(files.frame, files.where);
  const Section model = root.at("model");
  const std::string type = model_type(model.expect_object());
  if (type != "WordPiece" && type != "BPE") {
    model.fail(fmt::format("the type {} is not supported", in_quotes(type)),
               "Supported: WordPiece (BERT, ELECTRA) and byte-level BPE (RoBERTa, GPT-2).");
  }
  files.kind = type == "BPE" ? ModelKind::byte_level : ModelKind::wordpiece;
  take_vocabulary(model.at("vocab"), files.vocabulary);
  if (files.kind == ModelKind::byte_level) take_merges(model.at("merges"), files);
  Json& rest = files.frame["model"];
  rest["type"] = type;
  rest.erase("vocab");
  rest.erase("merges");
}

std::string quoted(const fs::path& path) { return fmt::format("\"{}\"", path.string()); }

// Two kinds of vocabulary would give ids, and only one of them is right.
void expect_kind(const TokenizerFiles& files, ModelKind kind) {
  if (files.kind == kind) return;
  throw InputError(fmt::format("{} holds {}, but {} takes {}.", files.where, kind_name(files.kind),
                               files.tokenizer_class.name, kind_name(kind)),
                   "If the model was trained with what tokenizer.json says, set \"tokenizer_class\" to "
                   "\"PreTrainedTokenizerFast\" in tokenizer_config.json.");
}

void read_tokenizer_json(const fs::path& directory, TokenizerFiles& files) {
  using Form = TokenizerClass::Form;
  files.where = quoted(directory / "tokenizer.json");
  files.frame = read_json(directory / "tokenizer.json");
  take_model(files);
  switch (files.tokenizer_class.form) {
    case Form::stored:
    case Form::by_files:
      if (files.kind == ModelKind::byte_level) files.tokenizer_class.names = TokenizerClass::Names::roberta;
      return;
    case Form::wordpiece:
      expect_kind(files, ModelKind::wordpiece);
      return describe_wordpiece(directory, files);
    case Form::byte_level:
      expect_kind(files, ModelKind::byte_level);
      return describe_byte_level(directory, files);
  }
}

// Without a tokenizer.json.
void read_vocabulary(const fs::path& directory, TokenizerFiles& files) {
  using Form = TokenizerClass::Form;
  TokenizerClass& tokenizer = files.tokenizer_class;
  const bool pieces = fs::exists(directory / "vocab.txt");
  const bool merges = fs::exists(directory / "merges.txt") && fs::exists(directory / "vocab.json");
  if (tokenizer.form == Form::by_files && (pieces || merges)) {
    tokenizer.form = pieces ? Form::wordpiece : Form::byte_level;
    if (!pieces) tokenizer.names = TokenizerClass::Names::roberta;
  }
  if (tokenizer.form == Form::wordpiece && pieces) {
    files.where = quoted(directory / "vocab.txt");
    return read_wordpiece_vocabulary(directory, files);
  }
  if (tokenizer.form == Form::byte_level && merges) {
    files.where = quoted(directory / "vocab.json");
    return read_byte_level_vocabulary(directory, files);
  }
  if (!pieces && !merges) {
    throw InputError(fmt::format("{} holds no tokenizer that can be read.", quoted(directory)),
                     "A tokenizer is a tokenizer.json, or a vocab.txt (BERT), or a vocab.json and a "
                     "merges.txt (RoBERTa).");
  }
  throw InputError(
      fmt::format("{} has its vocabulary in {}, but {} reads {}.", quoted(directory),
                  pieces ? "vocab.txt" : "vocab.json and merges.txt", tokenizer.name,
                  tokenizer.form == Form::stored      ? "tokenizer.json"
                  : tokenizer.form == Form::wordpiece ? "vocab.txt"
                                                      : "vocab.json and merges.txt"),
      "Name the right class as \"tokenizer_class\" in tokenizer_config.json, or save the tokenizer as "
      "tokenizer.json with transformers.");
}

Json read_object(const fs::path& path) {
  auto found = read_json_if_present(path);
  if (!found) return Json::object();
  Section(*found, fmt::format("\"{}\"", path.string())).expect_object();
  return std::move(*found);
}

}  // namespace

SpecialNames TokenizerFiles::special_names() const {
  return {{config, "tokenizer_config.json"},
          {special_tokens_map, "special_tokens_map.json"},
          tokenizer_class.names};
}

void take_vocabulary(const Section& entries, Vocabulary& vocabulary) {
  for (const auto& [token, id] : entries.expect_object().value().items()) {
    const auto number = whole_number(id);
    if (number && *number <= static_cast<std::uint64_t>(kLargestId)) {
      vocabulary.add(token, static_cast<std::int32_t>(*number));
    } else {
      (void)Section(id, fmt::format("{}, {}", entries.where(), in_quotes(token))).id(kLargestId);  // throws
    }
  }
}

BpeMerge resolve_merge(const Vocabulary& vocabulary, std::string_view left, std::string_view right,
                       const std::function<std::string()>& where) {
  const auto id = [&](std::string_view token) {
    const auto found = vocabulary.find(token);
    if (!found) {
      throw InputError(fmt::format("{}: the merge of {} and {} needs {}, which the vocabulary lacks.",
                                   where(), in_quotes(left), in_quotes(right), in_quotes(token)),
                       "The vocabulary and the merges belong to different models, or one is damaged.");
    }
    return *found;
  };
  return {id(left), id(right), id(std::string(left).append(right))};
}

BpeMerge parse_merge(const Vocabulary& vocabulary, std::string_view line,
                     const std::function<std::string()>& where) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
    throw InputError(fmt::format("{}: a merge is two tokens with a space between, and {} is not.", where(),
                                 in_quotes(line)));
  }
  return resolve_merge(vocabulary, line.substr(0, space), line.substr(space + 1), where);
}

TokenizerFiles read_tokenizer_files(const fs::path& directory) {
  TokenizerFiles files;
  files.config = read_object(directory / "tokenizer_config.json");
  files.special_tokens_map = read_object(directory / "special_tokens_map.json");
  const Section config(files.config, quoted(directory / "tokenizer_config.json"));
  files.tokenizer_class = find_tokenizer_class(directory, config);
  // What a class that config.json named reads: that file is none of a tokenizer's.
  if (!files.tokenizer_class.name.empty() && !config.has("tokenizer_class"))
    files.config["tokenizer_class"] = files.tokenizer_class.name;
  if (fs::exists(directory / "tokenizer.json")) {
    read_tokenizer_json(directory, files);
  } else {
    read_vocabulary(directory, files);
  }
  return files;
}

}  // namespace quire::text
