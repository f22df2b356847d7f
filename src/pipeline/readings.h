// The documents of a task in the forms that its members read: one corpus for all members of one reading.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/task.h"
#include "quire/base/context.h"
#include "quire/members/member.h"

namespace quire {

class Readings {
 public:
  // A member whose documents are wanted; `reading` as MemberSettings::reading gives it.
  void add(const std::string& reading, const Member& member);
  // Reads the tables once more and fills every corpus. Throws InputError where they have changed since the
  // task was read.
  void fill(const Task& task, const Context& context);
  [[nodiscard]] bool empty() const { return corpora_.empty(); }
  // Row numbers are the task's. Null where no member asked for this reading.
  [[nodiscard]] const Corpus* find(const std::string& reading) const;
  // What each corpus says about itself.
  [[nodiscard]] std::vector<std::string> summaries() const;

 private:
  std::map<std::string, std::unique_ptr<Corpus>> corpora_;
};

}  // namespace quire
