#pragma once

#include <stdexcept>
#include <string>

namespace obscura {

/// What every public function throws, and nothing else: one line that says what was wrong, what was expected and
/// where (file, layer, argument). The command line prints `what()` and exits 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Parameters that are impossible or below 128-bit security.
class ParameterError : public Error {
 public:
  using Error::Error;
};

/// Two values that do not belong together: level, scale, keys, or parameters differ.
class MismatchError : public Error {
 public:
  using Error::Error;
};

/// A file or message that is not what it claims to be: truncated, altered, of another kind or version.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// A network, layer or option that Obscura does not support; the text says what it does support.
class UnsupportedError : public Error {
 public:
  using Error::Error;
};

/// What was begun was called off by whoever began it.
class CancelledError : public Error {
 public:
  using Error::Error;
};

/// The operating system said no: missing file, full disk, permission.
class IoError : public Error {
 public:
  using Error::Error;
};

/// The command line was wrong; exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace obscura
