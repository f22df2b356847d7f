#include <fmt/format.h>

#include <memory>

#include "quire/pipeline/clean.h"
#include "verb.h"

namespace quire::app {

void add_clean(Program& program) {
  CLI::App& verb = *program.app.add_subcommand("clean", "clean the text columns of a table");
  struct Options {
    std::string file, output;
    CleanOptions clean;
    TableFlags table;
  };
  const auto options = std::make_shared<Options>();
  verb.add_option("FILE", options->file, "TSV or CSV, may be .gz or .xz; - for standard input")->required();
  verb.add_option("-o,--output", options->output, "table to write; - for standard output")->required();
  verb.add_flag("--lowercase", options->clean.lowercase, "lower case by Unicode's rules");
  verb.add_flag("--lemmatize", options->clean.lemmatize, "nouns to their lemmas by WordNet (as NLTK does)");
  verb.add_flag("--strip-latex", options->clean.strip_latex, "remove formulas and LaTeX commands");
  verb.add_flag("--strip-urls", options->clean.strip_urls, "remove web addresses");
  verb.add_flag("--stop-words", options->clean.stop_words, "remove English articles, pronouns and the like");
  options->table.add_to(verb, "as `train` finds it");
  add_common_options(verb, program.common);
  verb.callback([&program, options] {
    program.action = [options](const Context& context) {
      const std::int64_t rows = clean_table(options->file, options->output,
                                            {.clean = options->clean,
                                             .columns = options->table.columns(),
                                             .format = options->table.format().value_or(TableFormat{})},
                                            context);
      context.info(fmt::format("{} rows written to {}", rows, options->output));
      return 0;
    };
  });
}

}  // namespace quire::app
