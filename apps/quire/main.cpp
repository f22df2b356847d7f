// quire VERB [options]: reads the command line, runs one verb, turns errors into exit codes.
#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <new>
#include <sstream>

#include "console.h"
#include "output.h"
#include "process.h"
#include "quire/base/closed_pipe.h"
#include "quire/base/error.h"
#include "quire/base/profile.h"
#include "quire/base/threads.h"
#include "quire/base/version.h"
#include "quire/members/kind.h"
#include "verb.h"

namespace quire::app {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;
constexpr int kClosedPipe = 128 + SIGPIPE;  // as programs end that the signal ends

int report(std::string_view message, std::string_view hint, int code) {
  write_error(fmt::format("quire: {}\n", message));
  if (!hint.empty()) write_error(fmt::format("hint: {}\n", hint));
  return code;
}

// The verb whose command line was at fault, or the program itself.
const CLI::App& chosen_verb(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : *verbs.front();
}

bool is_verb(const CLI::App& app, const std::string& word) {
  const auto verbs = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == word; });
  return !verbs.empty();
}

std::string nearest_option(const CLI::App& verb, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  return nearest_name(word.substr(0, word.find('=')), known);
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = chosen_verb(app);
  std::string hint =
      fmt::format("see `quire{}{} --help`", &verb == &app ? "" : " ", &verb == &app ? "" : verb.get_name());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = app.remaining(true);
    const std::string word = extras.empty() ? "" : extras.front();
    if (word.starts_with("-")) {
      if (verb.get_name() == "train" && word.starts_with("--")) {
        const std::string members = kinds_with(word.substr(2, word.find('=') - 2));
        if (!members.empty())
          return report(fmt::format("'{}' is no option of this member", word), members, kBadInput);
      }
      const std::string nearest = nearest_option(verb, word);
      return report(fmt::format("unknown option '{}'", word),
                    nearest.empty() ? hint : fmt::format("did you mean {}?", nearest), kBadInput);
    }
    return report(fmt::format("unexpected argument '{}'", word), hint, kBadInput);
  }
  return report(error.what(), hint, kBadInput);
}

int report_verb(const std::string& word, const CLI::App& app) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    verbs.push_back(verb->get_name());
  const std::string nearest = nearest_name(word, verbs);
  return report(fmt::format("no verb is called '{}'", word),
                nearest.empty() ? "see `quire --help`" : fmt::format("did you mean {}?", nearest), kBadInput);
}

int run(const Program& program) {
  Console console(program.common.quiet);
  Context context;
  context.observer = &console;
  context.stop = &stop_signal();
  context.threads =
      program.common.threads > 0 ? static_cast<int>(program.common.threads) : available_threads();
  context.seed = static_cast<std::uint64_t>(program.common.seed);
  if (program.common.profile) start_profile();
  const int code = program.action(context);
  if (program.common.profile) write_error(fmt::format("\n{}", format_profile(read_profile())));
  return code;
}

int parse_and_run(int argc, char** argv) {
  Program program;
  CLI::App& app = program.app;
  app.name("quire");
  app.description("quire: from a table of labelled documents to a text classifier");
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  add_train(program, {argv, argv + argc});
  add_run(program);
  add_predict(program);
  add_eval(program);
  add_export(program);
  add_clean(program);
  add_tokenize(program);
  add_info(program);
  if (argc > 1 && argv[1][0] != '-' && !is_verb(app, argv[1])) return report_verb(argv[1], app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    std::ostringstream text;
    const int code = app.exit(asked, text, text);
    write_output(text.str());
    return code;
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  }
  return run(program);
}

int main(int argc, char** argv) {
  open_standard_descriptors();
  catch_signals();
  try {
    const int code = parse_and_run(argc, argv);
    flush_output();
    return code;
  } catch (const ClosedPipe&) {
    return kClosedPipe;
  } catch (const Interrupted& error) {
    return report(error.what(), error.hint(), 128 + error.signal());
  } catch (const InputError& error) {
    return report(error.what(), error.hint(), kBadInput);
  } catch (const Error& error) {
    return report(error.what(), error.hint(), kFailed);
  } catch (const std::bad_alloc&) {
    return report("out of memory", "try a smaller --batch-size or --max-length", kFailed);
  } catch (const std::exception& error) {
    return report(error.what(), "this is a fault of quire: please report it with the command line", kFailed);
  }
}

}  // namespace
}  // namespace quire::app

int main(int argc, char** argv) { return quire::app::main(argc, argv); }
