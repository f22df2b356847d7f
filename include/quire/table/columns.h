// Which column of a table is what: as flags say, else guessed from the header.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"

namespace quire {

class TableReader;

// What --id, --label, --group and --text name. Names are matched exactly, then without regard
// to the case of ASCII letters.
struct ColumnFlags {
  std::optional<std::string> id;
  bool id_may_be_missing = false;  // it is the run's, not the user's: other tables need not have it
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
  std::vector<std::string> doubts;   // and one for each guess that may well be wrong
};

// `optional`: a file to predict, where a label column may be missing even though a flag (or the
// run's recipe) names one.
enum class LabelColumn { required, optional };

// Which of the columns hold a value in two rows. Asked about columns named as ids are, of which the header
// alone says little: `paperid`, but also `paid` and `grid`.
using FindRepeats = std::function<std::vector<bool>(std::span<const std::size_t>)>;

// The rules, in this order:
//   label  --label; else a column named label, labels, category, categories, class, target or y
//          (in this order of preference); else, if required, the last column that no flag names and
//          whose name does not end in "id"
//   id     --id; else a column named `id`, else the first whose name ends in "id" and whose values do
//          not repeat, provided that some column is left for the text; else none
//   group  --group; else none
//   text   --text, in the order given; else every other column in the order of the file
// Throws InputError when a named column is missing (with the columns there are, and the nearest
// name), when a column that is used has no name or shares it with another, when the label is also
// used as something else, when no column is left for the text, or when only ids are left to be the label.
// `path` is for messages.
[[nodiscard]] Columns resolve_columns(const std::vector<std::string>& header, const ColumnFlags& flags,
                                      LabelColumn label, const std::string& path,
                                      const FindRepeats& find_repeats);

// The same for a table from which nothing has been read yet, whose values are looked at where its header
// does not say enough: of a file at most a million rows, of a pipe the first thousand, which are read
// ahead. Tells `context` what was guessed.
[[nodiscard]] Columns resolve_columns(TableReader& table, const ColumnFlags& flags, LabelColumn label,
                                      const Context& context);

}  // namespace quire
