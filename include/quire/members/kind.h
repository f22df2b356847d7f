// The kinds of learner: what each brings to the house. The rest knows learners by this alone.
//
// A new learner is a folder under src/members with its options, a Member and a MemberKind, and one row in
// src/members/kinds.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/option.h"
#include "quire/members/member.h"

namespace quire {

// What a fit does with FitInput::valid.
enum class Choice {
  none,    // nothing is chosen: the rows only show how training goes
  inner,   // keeps what does best on them, so they come out of the fold's own training rows
  scored,  // the same on the very rows that the fold is scored on: the score is too good, and says so
};

// The options of one member, with what follows from them.
class MemberSettings {
 public:
  virtual ~MemberSettings() = default;
  [[nodiscard]] virtual std::unique_ptr<MemberSettings> clone() const = 0;

  // Its options, bound to this object.
  [[nodiscard]] virtual std::vector<Option> table() = 0;
  // Sets the options that others decide.
  virtual void settle() {}
  // Throws InputError for options that contradict each other. They are settled, and ranges and choices of
  // single options have been checked.
  virtual void check() const {}
  // Checks files and everything else at once, before any work starts. Throws InputError.
  [[nodiscard]] virtual std::unique_ptr<Member> make(const Context& context) const = 0;

  // Equal for members of a run that read documents in the same way: they share a corpus.
  [[nodiscard]] virtual std::string reading() const = 0;
  [[nodiscard]] virtual Choice choice() const { return Choice::none; }
  // The option by which a fit needs rows to choose by ("patience"); empty: none.
  [[nodiscard]] virtual std::string_view needs_validation() const { return {}; }
  // How the run that trained a fold opens it again.
  [[nodiscard]] virtual OpenOptions as_trained() const { return {}; }
};

// Who holds a plain struct of options gives it out by its type.
template <typename Options>
class OptionsHolder {
 public:
  virtual ~OptionsHolder() = default;
  [[nodiscard]] virtual Options& held() = 0;
};

// Settings around a plain struct of options.
template <typename Derived, typename Options>
class SettingsOf : public MemberSettings, public OptionsHolder<Options> {
 public:
  [[nodiscard]] std::unique_ptr<MemberSettings> clone() const override {
    return std::make_unique<Derived>(static_cast<const Derived&>(*this));
  }
  [[nodiscard]] Options& held() override { return options; }

  Options options;
};

class MemberKind {
 public:
  virtual ~MemberKind() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Half a sentence for help texts.
  [[nodiscard]] virtual std::string_view summary() const = 0;
  // Does an interrupted fit keep its place, or does it start again?
  [[nodiscard]] virtual bool keeps_checkpoint() const { return false; }
  // Removes what only an unfinished fit needs from a fold's directory.
  virtual void forget_progress(const std::filesystem::path& directory) const;
  [[nodiscard]] virtual std::unique_ptr<MemberSettings> defaults() const = 0;
  // Opens the directory of a trained fold. Throws InputError for options that this kind does not have.
  [[nodiscard]] virtual std::unique_ptr<FittedMember> open(const std::filesystem::path& directory,
                                                           const OpenOptions& options,
                                                           const Context& context) const = 0;
};

// All kinds, the default first.
[[nodiscard]] std::span<const MemberKind* const> member_kinds();
[[nodiscard]] std::vector<std::string_view> member_kind_names();
// Throws InputError with the kinds that there are.
[[nodiscard]] const MemberKind& member_kind(std::string_view name);
// For an option that a kind lacks: which kinds have it ("it is an option of --member encoder, textcnn");
// empty where none has.
[[nodiscard]] std::string kinds_with(std::string_view option);

// One member of a run: a value.
class MemberOptions {
 public:
  // The defaults of a kind. Throws InputError for a name that no kind has.
  explicit MemberOptions(std::string_view kind = "encoder");
  MemberOptions(const MemberOptions& other);
  MemberOptions& operator=(const MemberOptions& other);
  MemberOptions(MemberOptions&&) noexcept = default;
  MemberOptions& operator=(MemberOptions&&) noexcept = default;
  ~MemberOptions() = default;

  [[nodiscard]] const MemberKind& kind() const { return *kind_; }
  [[nodiscard]] MemberSettings& settings() { return *settings_; }
  [[nodiscard]] const MemberSettings& settings() const { return *settings_; }
  // Throws InputError for values out of range, and what MemberSettings::check throws.
  void check();

  // The struct of options of a kind that the caller knows: get<LinearOptions>(). std::bad_cast otherwise.
  template <typename Options>
  [[nodiscard]] Options& get();

  std::string name;  // of the member and its folder; until `check`, empty stands for the kind's
  std::optional<std::int64_t> seed;  // of everything random in it; default: the run's
  std::int64_t repeat = 1;           // so many members NAME-1, NAME-2, ... with seeds that follow each other

 private:
  const MemberKind* kind_;
  std::unique_ptr<MemberSettings> settings_;
};

template <typename Options>
Options& MemberOptions::get() {
  return dynamic_cast<OptionsHolder<Options>&>(*settings_).held();
}

}  // namespace quire
