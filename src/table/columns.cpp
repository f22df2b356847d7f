#include "quire/table/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "quire/base/error.h"
#include "quire/base/naming.h"
#include "quire/table/reader.h"
#include "table/repeats.h"

namespace quire {
namespace {

constexpr std::array<std::string_view, 7> kLabelNames = {"label", "labels", "category", "categories",
                                                         "class", "target", "y"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool is_named_like_an_id(std::string_view name) { return lower(name).ends_with("id"); }

// `user_id`, `userId`, `PaperID`, as opposed to `paid` and `grid`: where "id" is a word of its own.
bool has_id_as_a_word(std::string_view name) {
  if (!is_named_like_an_id(name)) return false;
  if (name.size() == 2) return true;
  const char before = name[name.size() - 3];
  const bool is_lower = before >= 'a' && before <= 'z';
  const bool is_letter = is_lower || (before >= 'A' && before <= 'Z');
  return !is_letter || (is_lower && name[name.size() - 2] == 'I');
}

class Resolver {
 public:
  Resolver(const std::vector<std::string>& header, const ColumnFlags& flags, LabelColumn label_column,
           const std::string& path, const FindRepeats& find_repeats)
      : header_(header),
        flags_(flags),
        label_column_(label_column),
        path_(path),
        find_repeats_(find_repeats),
        flagged_(header.size(), false) {}

  Columns resolve() {
    resolve_flags();
    if (!columns_.label && !flags_.label) guess_label();
    if (!columns_.id) guess_id();
    if (columns_.text.empty()) guess_text();
    check_label_apart();
    for (const std::size_t column : used()) check_name(column);
    name_columns();
    return std::move(columns_);
  }

 private:
  void resolve_flags() {
    if (flags_.id) {
      columns_.id = flags_.id_may_be_missing ? find(*flags_.id) : require(*flags_.id, "--id");
      if (columns_.id) flagged_[*columns_.id] = true;
    }
    if (flags_.group) columns_.group = require(*flags_.group, "--group");
    for (const std::string& name : flags_.text) {
      const std::size_t column = require(name, "--text");
      if (std::ranges::find(columns_.text, column) != columns_.text.end()) {
        throw InputError(fmt::format("--text names the column '{}' twice", header_[column]));
      }
      columns_.text.push_back(column);
    }
    if (flags_.label) {
      columns_.label =
          label_column_ == LabelColumn::required ? require(*flags_.label, "--label") : find(*flags_.label);
    }
  }

  // The column of that name, or nothing.
  std::optional<std::size_t> find(std::string_view name) const {
    const auto exact = std::ranges::find(header_, name);
    if (exact != header_.end()) return static_cast<std::size_t>(exact - header_.begin());
    std::optional<std::size_t> found;
    for (std::size_t column = 0; column < header_.size(); ++column) {
      if (lower(header_[column]) != lower(name)) continue;
      if (found) {
        throw InputError(fmt::format("'{}' has two columns that '{}' may mean: '{}' and '{}'", path_, name,
                                     header_[*found], header_[column]),
                         "name one of them exactly");
      }
      found = column;
    }
    return found;
  }

  std::size_t require(std::string_view name, std::string_view flag) {
    const auto column = find(name);
    if (!column) {
      const std::string nearest = nearest_name(name, header_);
      throw InputError(
          fmt::format("'{}' has no column '{}' ({}); it has {}", path_, name, flag, quoted_list(header_)),
          nearest.empty() ? std::string() : fmt::format("did you mean '{}'?", nearest));
    }
    flagged_[*column] = true;
    return *column;
  }

  void guess_label() {
    for (const std::string_view name : kLabelNames) {
      for (std::size_t column = 0; column < header_.size(); ++column) {
        if (!flagged_[column] && lower(header_[column]) == name) {
          columns_.label = column;
          columns_.guesses.push_back(fmt::format("label: column '{}', by its name", header_[column]));
          return;
        }
      }
    }
    if (label_column_ == LabelColumn::optional) return;
    std::vector<std::size_t> free;
    std::vector<std::string> like_ids;
    for (std::size_t column = 0; column < header_.size(); ++column) {
      if (flagged_[column]) continue;
      if (is_named_like_an_id(header_[column])) {
        like_ids.push_back(header_[column]);
      } else {
        free.push_back(column);
      }
    }
    if (free.empty() || (free.size() == 1 && flags_.text.empty() && !like_ids.empty()))
      refuse_label(like_ids);
    columns_.label = free.back();
    const bool is_last = std::none_of(flagged_.begin() + static_cast<std::ptrdiff_t>(free.back()) + 1,
                                      flagged_.end(), [](bool flagged) { return !flagged; });
    columns_.guesses.push_back(fmt::format("label: column '{}', the last one{}", header_[free.back()],
                                           is_last ? "" : " that is not named like an id"));
  }

  // What is left is needed for the text, or would be ids.
  [[noreturn]] void refuse_label(const std::vector<std::string>& like_ids) const {
    if (like_ids.empty()) {
      throw InputError(
          fmt::format("'{}' has no column left for the labels; it has {}", path_, quoted_list(header_)),
          "name the label column with --label");
    }
    throw InputError(
        fmt::format("it is not clear which column of '{}' holds the labels: {} {} like an id", path_,
                    quoted_list(like_ids), like_ids.size() == 1 ? "is named" : "are named"),
        "name the label column with --label");
  }

  void guess_id() {
    std::vector<std::size_t> candidates;
    for (std::size_t column = 0; column < header_.size(); ++column) {
      if (flagged_[column] || column == columns_.label) continue;
      if (lower(header_[column]) == "id") {
        candidates.assign(1, column);
        break;
      }
      if (is_named_like_an_id(header_[column]) && leaves_text(column)) candidates.push_back(column);
    }
    // A column that is called just that is the id whatever it holds: its repetitions are reported.
    const bool is_exact = candidates.size() == 1 && lower(header_[candidates[0]]) == "id";
    std::vector<bool> repeats(candidates.size(), false);
    if (!is_exact && !candidates.empty()) repeats = find_repeats_(candidates);
    const auto unique = std::ranges::find(repeats, false);
    if (unique != repeats.end()) {
      columns_.id = candidates[static_cast<std::size_t>(unique - repeats.begin())];
      columns_.guesses.push_back(fmt::format("id: column '{}', by its name", header_[*columns_.id]));
      return;
    }
    tell_that_rows_are_numbered(candidates);
  }

  void tell_that_rows_are_numbered(const std::vector<std::size_t>& repeating) {
    if (flags_.id) {
      columns_.guesses.push_back(fmt::format("id: no column '{}', rows are numbered from 0", *flags_.id));
      return;
    }
    if (repeating.empty()) {
      columns_.guesses.emplace_back("id: no such column, rows are numbered from 0");
      return;
    }
    std::vector<std::string> names;
    for (const std::size_t column : repeating) names.push_back(header_[column]);
    columns_.guesses.push_back(fmt::format(
        "id: no such column (values of {} repeat), rows are numbered from 0", quoted_list(names)));
    if (!flags_.text.empty()) return;
    for (const std::string& name : names) {
      if (!has_id_as_a_word(name)) continue;
      columns_.doubts.push_back(
          fmt::format("the column '{}' of '{}' is named like an id, but its values repeat, so it is read as "
                      "text; --text names the columns to read",
                      name, path_));
    }
  }

  // Whether there would be text if `id` were the id column.
  bool leaves_text(std::size_t id) const {
    if (!columns_.text.empty()) return true;
    for (std::size_t column = 0; column < header_.size(); ++column) {
      if (column != id && column != columns_.label && column != columns_.group) return true;
    }
    return false;
  }

  void guess_text() {
    for (std::size_t column = 0; column < header_.size(); ++column) {
      if (column != columns_.id && column != columns_.label && column != columns_.group)
        columns_.text.push_back(column);
    }
    if (columns_.text.empty()) {
      throw InputError(
          fmt::format("'{}' has no column left for the text; it has {}", path_, quoted_list(header_)),
          header_.size() == 1 ? "columns are separated by commas in a .csv file and by tabs in all others"
                              : "name the columns with --text, --label and --id");
    }
    std::vector<std::string> names;
    for (const std::size_t column : columns_.text) names.push_back(header_[column]);
    const std::string_view manner = names.size() == 1   ? ""
                                    : names.size() == 2 ? ", as a pair"
                                                        : ", as a pair: the first, and the others joined";
    columns_.guesses.push_back(
        fmt::format("text: column{} {}{}", names.size() == 1 ? "" : "s", quoted_list(names), manner));
  }

  // A label that is also text would be learned by heart.
  void check_label_apart() const {
    if (!columns_.label) return;
    const bool is_text = std::ranges::find(columns_.text, *columns_.label) != columns_.text.end();
    if (is_text || columns_.label == columns_.id || columns_.label == columns_.group) {
      throw InputError(
          fmt::format("the column '{}' of '{}' cannot be the label and {} at once", header_[*columns_.label],
                      path_, is_text ? "text" : (columns_.label == columns_.id ? "the id" : "the group")),
          "name another column with --label");
    }
  }

  std::vector<std::size_t> used() const {
    std::vector<std::size_t> all = columns_.text;
    for (const auto& column : {columns_.id, columns_.label, columns_.group}) {
      if (column) all.push_back(*column);
    }
    return all;
  }

  // Columns are known by their names from here on: in the run's recipe, in other files.
  void check_name(std::size_t column) const {
    const std::string& name = header_[column];
    if (name.empty()) {
      throw InputError(fmt::format("column {} of '{}' has no name", column + 1, path_),
                       "name it in the header, or name the columns to use with --text, --label and --id");
    }
    if (std::ranges::count(header_, name) > 1) {
      throw InputError(fmt::format("'{}' has two columns named '{}'", path_, name),
                       "rename one of them in the header");
    }
  }

  void name_columns() {
    columns_.id_name = columns_.id ? header_[*columns_.id] : "id";
    if (columns_.label) columns_.label_name = header_[*columns_.label];
    if (columns_.group) columns_.group_name = header_[*columns_.group];
    for (const std::size_t column : columns_.text) columns_.text_names.push_back(header_[column]);
  }

  const std::vector<std::string>& header_;
  const ColumnFlags& flags_;
  LabelColumn label_column_;
  const std::string& path_;
  const FindRepeats& find_repeats_;
  std::vector<bool> flagged_;  // named by a flag other than an absent --label
  Columns columns_;
};

}  // namespace

Columns resolve_columns(const std::vector<std::string>& header, const ColumnFlags& flags, LabelColumn label,
                        const std::string& path, const FindRepeats& find_repeats) {
  return Resolver(header, flags, label, path, find_repeats).resolve();
}

Columns resolve_columns(TableReader& table, const ColumnFlags& flags, LabelColumn label,
                        const Context& context) {
  const std::string name = table.name();
  Columns columns = resolve_columns(
      table.header(), flags, label, name,
      [&](std::span<const std::size_t> candidates) { return find_repeats(table, candidates, context); });
  for (const std::string& guess : columns.guesses) context.info(guess);
  for (const std::string& doubt : columns.doubts) context.warn(doubt);
  return columns;
}

}  // namespace quire
