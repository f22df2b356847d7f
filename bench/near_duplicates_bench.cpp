// Near duplicates of tables: near_duplicates_bench THREADS THRESHOLD FILE...
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>

#include "quire/table/documents.h"
#include "quire/text/near_duplicates.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: near_duplicates_bench THREADS THRESHOLD FILE...\n");
    return 2;
  }
  quire::Context context;
  context.threads = std::atoi(argv[1]);
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  quire::NearDuplicateFinder finder({.threshold = std::atof(argv[2])});
  double adding = 0;
  const auto start = Clock::now();
  for (int i = 3; i < argc; ++i) {
    quire::ColumnFlags flags;
    flags.text = {"title", "abstract"};
    quire::DocumentReader reader(argv[i], flags, quire::LabelColumn::optional, {}, quire::DuplicateIds::warn,
                                 context);
    quire::Document document;
    while (reader.next(document)) {
      const auto before = Clock::now();
      finder.add(document.text + " " + document.pair.value_or(""));
      adding += since(before);
    }
  }
  const double reading = since(start) - adding;
  const auto search = Clock::now();
  const auto found = finder.find(context);
  const std::set<std::int64_t> groups(found.group.begin(), found.group.end());
  fmt::print(
      "{} documents, {} pairs ({} of the same words), {} groups; reading {:.2f} s, shingles {:.2f} s, search "
      "{:.2f} s\n",
      finder.documents(), found.pairs.size(),
      std::ranges::count_if(found.pairs, [](const auto& pair) { return pair.similarity == 1; }),
      groups.size(), reading, adding, since(search));
}
