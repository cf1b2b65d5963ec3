#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

/// Text of others on its way to people: names in files, what a server says.
namespace obscura {

/// For people and their terminals: UTF-8 on one line, without control characters, which become spaces; what is no UTF-8
/// becomes '?'. `most` bytes at the most.
std::string printable(std::string_view text, std::size_t most = 500);

/// Whether there are control characters in it, those of UTF-8 beyond ASCII (U+0080 to U+009F), too.
bool has_control(std::string_view text);

/// Calls `read`, whose errors may repeat what stands in a file: whatever that is, they are one printable line.
template <class Read>
auto with_printable_errors(const Read& read) {
  constexpr std::size_t kMost = 2000;
  try {
    return read();
  } catch (const FormatError& e) {
    throw FormatError(printable(e.what(), kMost));
  } catch (const MismatchError& e) {
    throw MismatchError(printable(e.what(), kMost));
  } catch (const ParameterError& e) {
    throw ParameterError(printable(e.what(), kMost));
  } catch (const UnsupportedError& e) {
    throw UnsupportedError(printable(e.what(), kMost));
  } catch (const UsageError& e) {
    throw UsageError(printable(e.what(), kMost));
  }
}

}  // namespace obscura
