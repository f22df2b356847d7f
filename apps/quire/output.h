// Results on stdout. What cannot be written is an error, even when it comes out at the very end.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace quire::app {

// Throws ClosedPipe when nobody reads, Error when the disk is full.
void write_output(std::string_view text);

template <typename... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  write_output(fmt::format(format, std::forward<Values>(values)...));
}

// Writes what is still in memory; throws as write_output does.
void flush_output();

}  // namespace quire::app
