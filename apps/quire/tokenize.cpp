#include <cerrno>
#include <fstream>
#include <iostream>
#include <memory>

#include "quire/base/error.h"
#include "quire/pipeline/tokenize.h"
#include "verb.h"

namespace quire::app {

void add_tokenize(Program& program) {
  CLI::App& verb = *program.app.add_subcommand("tokenize", "token ids of lines of text, as JSON lines");
  struct Options {
    std::string model, file = "-";
    TokenizeOptions tokenize;
  };
  const auto options = std::make_shared<Options>();
  verb.add_option("MODEL", options->model,
                  "directory with tokenizer.json, vocab.txt, or vocab.json and merges.txt")
      ->required();
  verb.add_option("FILE", options->file, "text, one document a line (default: standard input)");
  verb.add_flag("--pair", options->tokenize.pair, "a line is two texts, split at the first tab");
  verb.add_option("--max-length", options->tokenize.max_length,
                  "cut to N tokens, the longer text first (default: no limit)");
  add_common_options(verb, program.common);
  verb.callback([&program, options] {
    program.action = [options](const Context& context) {
      const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(options->model);
      std::ios::sync_with_stdio(false);
      std::ifstream file;
      const bool standard_input = options->file == "-";
      if (!standard_input) {
        file.open(options->file, std::ios::binary);
        if (!file) throw_system_error(errno, "open", options->file);
      }
      tokenize_lines(*tokenizer, standard_input ? std::cin : file,
                     standard_input ? "standard input" : options->file, std::cout, options->tokenize,
                     context);
      return 0;
    };
  });
}

}  // namespace quire::app
