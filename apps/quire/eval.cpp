#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "output.h"
#include "quire/pipeline/predictor.h"
#include "verb.h"

namespace quire::app {
namespace {

void print_table(const Metrics& metrics, std::span<const std::string> names) {
  std::size_t width = 5;
  for (const std::string& name : names) width = std::max(width, name.size());
  print("{:<{}}  precision  recall      F1  support\n", "class", width);
  for (std::size_t c = 0; c < names.size(); ++c) {
    const ClassMetrics& one = metrics.per_class[c];
    print("{:<{}}  {:9.4f}  {:6.4f}  {:6.4f}  {:7}\n", names[c], width, one.precision, one.recall, one.f1,
          one.support);
  }
  if (!metrics.confusions.empty()) {
    print("\nlargest confusions (true -> predicted)\n");
    for (std::size_t i = 0; i < std::min<std::size_t>(10, metrics.confusions.size()); ++i) {
      const Confusion& one = metrics.confusions[i];
      print("{:7}  {} -> {}\n", one.count, names[static_cast<std::size_t>(one.truth)],
            names[static_cast<std::size_t>(one.predicted)]);
    }
  }
  print("\n{} rows  accuracy {:.4f}  macro-F1 {:.4f}\n", metrics.n, metrics.accuracy, metrics.macro_f1);
}

}  // namespace

void add_eval(Program& program) {
  CLI::App& verb = *program.app.add_subcommand("eval", "measure a run on a labelled table");
  struct Options {
    std::string run, file;
    TableFlags table;
    ModelFlags model;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  verb.add_option("RUN", options->run, "a run, or a fine-tuned directory in Hugging Face's layout")
      ->required();
  verb.add_option("FILE", options->file, "labelled TSV or CSV, may be .gz or .xz")->required();
  verb.add_flag("--json", options->json, "one JSON object: n, accuracy, macro_f1, per_class, confusions");
  options->model.add_to(verb);
  options->table.add_to(verb);
  add_common_options(verb, program.common);
  add_profile_option(verb, program.common);
  verb.callback([&program, options] {
    program.action = [options](const Context& context) {
      const Predictor predictor(options->run,
                                {.model = options->model.options(),
                                 .member = options->model.member,
                                 .method = options->model.method,
                                 .columns = options->table.columns(),
                                 .format = options->table.format()},
                                context);
      const Metrics metrics = evaluate_table(predictor, options->file, context);
      if (options->json) {
        print("{}\n", metrics.json(predictor.class_names()));
      } else {
        print_table(metrics, predictor.class_names());
      }
      return 0;
    };
  });
}

}  // namespace quire::app
