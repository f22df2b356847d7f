// Which column of a table is what: as flags say, else guessed from the header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace quire {

// What --id, --label, --group and --text name. Names are matched exactly, then without regard
// to the case of ASCII letters.
struct ColumnFlags {
  std::optional<std::string> id;
  std::optional<std::string> label;
  std::optional<std::string> group;
  std::vector<std::string> text;
};

// Indices into the header. `id` without a value: rows are numbered from 0.
struct Columns {
  std::optional<std::size_t> id;
  std::optional<std::size_t> label;
  std::optional<std::size_t> group;
  std::vector<std::size_t> text;  // at least one

  std::string id_name;     // of the header, or "id"
  std::string label_name;  // of the header, or empty
  std::string group_name;  // of the header, or empty
  std::vector<std::string> text_names;

  std::vector<std::string> guesses;  // a sentence for each column that no flag named
};

// `optional`: a file to predict, where a label column may be missing even though a flag (or the
// run's recipe) names one.
enum class LabelColumn { required, optional };

// The rules, in this order:
//   label  --label; else a column named label, labels, category, categories, class, target or y
//          (in this order of preference); else, if required, the last column no flag names
//   id     --id; else a column named `id`, else the first whose name ends in "id"; else none
//   group  --group; else none
//   text   --text, in the order given; else every other column in the order of the file
// Throws InputError when a named column is missing (with the columns there are, and the nearest
// name), when a column that is used has no name or shares it with another, when the label is also
// used as something else, or when no text column is left. `path` is for messages.
[[nodiscard]] Columns resolve_columns(const std::vector<std::string>& header, const ColumnFlags& flags,
                                      LabelColumn label, const std::string& path);

}  // namespace quire
