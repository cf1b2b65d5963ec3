#pragma once

// Internal to src/nn.
#include <string>
#include <vector>

namespace obscura::nn {

/// The names of classes as people and programs write them: one a line, or on a single line with commas (quotes and
/// backslashes as in JSON keep a comma in a name); a JSON array; a Python list or tuple; an object or dict from indices
/// to names ({0: 'cat', 1: 'dog'}, also "0: cat" a line) or from names to indices. Names lose the quotes and spaces
/// around them, nothing else. `few`: a single line is one name, commas and all.
/// Throws FormatError for a list that does not end, an index that is missing or there twice, and an empty name.
std::vector<std::string> parse_class_list(const std::string& text, bool few = false);

/// Text that parse_class_list turns into the same names: one a line where that is not mistaken for something else, a
/// JSON array where it is.
std::string class_list_text(const std::vector<std::string>& classes);

}  // namespace obscura::nn
