// Fingerprints of contents: what decides whether a result that lies on the disk may be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace quire {

// A hash of everything added so far, in its order: XXH3 in 128 bits (xxHash, Collet). Two contents that
// differ by chance have different ones; it is no defence against somebody who looks for equal ones.
class Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  Fingerprint(Fingerprint&&) noexcept;
  Fingerprint& operator=(Fingerprint&&) noexcept;

  // Texts count with their length: "ab", "c" is not "a", "bc".
  Fingerprint& add(std::string_view text);
  Fingerprint& add(std::int64_t number);
  Fingerprint& add(std::span<const int> numbers);

  // 32 hexadecimal digits.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of the bytes of a file. Throws InputError when it cannot be opened.
[[nodiscard]] std::string file_fingerprint(const std::filesystem::path& path);

// Of the names and bytes of the files in a directory that a model consists of: configuration, tokenizer,
// weights (.json, .txt, .safetensors, .model), its subfolders included. Logs, notes and cards do not count.
[[nodiscard]] std::string model_fingerprint(const std::filesystem::path& directory);

}  // namespace quire
