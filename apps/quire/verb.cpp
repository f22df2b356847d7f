#include "verb.h"

#include "quire/base/error.h"

namespace quire::app {

void add_threads_and_quiet(CLI::App& verb, Common& common) {
  verb.add_option("--threads", common.threads, "default: the CPUs this process may use")
      ->check(CLI::Range(0, 4096));
  verb.add_flag("--quiet", common.quiet, "no progress, only warnings");
}

void add_common_options(CLI::App& verb, Common& common) {
  add_threads_and_quiet(verb, common);
  verb.add_option("--seed", common.seed, "of everything random")->capture_default_str();
}

void add_profile_option(CLI::App& verb, Common& common) {
  verb.add_flag("--profile", common.profile, "say at the end where the time went");
}

void TableFlags::add_to(CLI::App& verb, const std::string& otherwise) {
  verb.add_option("--id", id, "id column (default: " + otherwise + ")");
  verb.add_option("--text", text, "text columns, comma-separated (default: " + otherwise + ")")
      ->delimiter(',');
  verb.add_option("--label", label, "label column (default: " + otherwise + ")");
  verb.add_option("--quoting", quoting, "quotes in the table: automatic or none (default: " + otherwise + ")")
      ->check(CLI::IsMember({"automatic", "none"}));
}

ColumnFlags TableFlags::columns() const {
  const auto given = [](const std::string& name) {
    return name.empty() ? std::nullopt : std::optional(name);
  };
  return {.id = given(id), .label = given(label), .group = {}, .text = text};
}

std::optional<TableFormat> TableFlags::format() const {
  if (quoting.empty()) return std::nullopt;
  TableFormat format;
  if (quoting == "none") format.quoting = TableFormat::Quoting::none;
  return format;
}

void ModelFlags::add_to(CLI::App& verb) {
  verb.add_option("--member", member, "predict with this member of the run alone");
  verb.add_option("--method", method,
                  "combine the members by this method (default: the one that the run chose)")
      ->excludes("--member");
  verb.add_option("--max-length", max_length, "tokens of a document (default: as trained)")
      ->check(CLI::Range(4, 1000000));
  verb.add_option(
          "--precision", precision,
          "of an encoder's matrix products: fp32, bf16, int8, or auto, which takes bf16 where it is faster")
      ->check(CLI::IsMember({"fp32", "bf16", "int8", "auto"}))
      ->capture_default_str();
  verb.add_option("--device", device, "where encoders and TextCNN predict: cpu, cuda or auto")
      ->check(CLI::IsMember({"cpu", "cuda", "auto"}))
      ->capture_default_str();
}

OpenOptions ModelFlags::options() const {
  return {.max_length = max_length > 0 ? std::optional(max_length) : std::nullopt,
          .precision = precision,
          .device = device};
}

}  // namespace quire::app
