// The steps of cleaning, each from well-formed UTF-8 to the same.
#pragma once

#include <string>
#include <string_view>

namespace quire::text {

// Without mathematics ($..$, $$..$$, \(..\), \[..\], environments such as equation), commands and
// braces. Arguments of commands stay, but for those that are no text (\cite, \ref,
// \label and the like); accents leave their letter, escaped characters stand for themselves.
[[nodiscard]] std::string without_latex(std::string_view text);

// Without http://..., https://..., ftp://... and www.... up to white space or one of <>", less closing
// punctuation.
[[nodiscard]] std::string without_urls(std::string_view text);

// Runs of white space become one space; none at either end.
[[nodiscard]] std::string collapse_white_space(std::string_view text);

// English words with a grammatical job only: articles, pronouns, prepositions, conjunctions and
// auxiliary verbs. `word` is in lower case.
[[nodiscard]] bool is_stop_word(std::string_view word);

}  // namespace quire::text
