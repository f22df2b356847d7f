#include <fmt/format.h>

#include <memory>

#include "quire/pipeline/predictor.h"
#include "verb.h"

namespace quire::app {

void add_predict(Program& program) {
  CLI::App& verb = *program.app.add_subcommand("predict", "predict the labels of a table");
  struct Options {
    std::string run, file;
    PredictOptions predict;
    TableFlags table;
    ModelFlags model;
  };
  const auto options = std::make_shared<Options>();
  verb.add_option("RUN", options->run, "a run, or a fine-tuned directory in Hugging Face's layout")
      ->required();
  verb.add_option("FILE", options->file, "TSV or CSV, may be .gz or .xz")->required();
  verb.add_option("-o,--output", options->predict.output, "table to write; - for standard output")
      ->required();
  verb.add_option("--probabilities", options->predict.probabilities,
                  "also write the probabilities of all classes: a matrix (.npy) or a table (.tsv, .csv)");
  verb.add_option("--top", options->predict.top, "the N most probable labels of each row")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verb.add_flag("--submission", options->predict.submission, "only the id and the label");
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
      const std::int64_t rows = predict_table(predictor, options->file, options->predict, context);
      context.info(fmt::format("{} rows written to {}", rows, options->predict.output));
      return 0;
    };
  });
}

}  // namespace quire::app
