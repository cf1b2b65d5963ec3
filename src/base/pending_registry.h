#pragma once

#include <termios.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

/// What a signal has to remove and to put back before it ends the process.
namespace obscura::pending {

/// A path, of a file or of a folder with all in it, that a signal removes as long as this lives. With more than 256 at
/// once the rest is left to the next run. Thread-safe.
class Registration {
 public:
  Registration() = default;
  explicit Registration(const std::filesystem::path& path);
  Registration(Registration&& other) noexcept : slot_(std::exchange(other.slot_, kNone)) {}
  Registration& operator=(Registration&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Registration();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t slot_ = kNone;
};

/// Settings of a terminal that a signal puts back as long as this lives. One at a time; the descriptor stays open.
class TerminalSettings {
 public:
  TerminalSettings(int terminal, const termios& settings);
  TerminalSettings(const TerminalSettings&) = delete;
  TerminalSettings& operator=(const TerminalSettings&) = delete;
  ~TerminalSettings();
};

/// Never returns when a signal is ending the process: nothing new may be made then, and no error printed.
void halt_if_ending();

/// Removes what killed runs of the same user left in the folder; each folder is looked at once a process. Never throws
/// for what it cannot remove. Thread-safe.
void remove_stale(const std::filesystem::path& folder);

/// ".obscura-<16 hex digits>.partial", fresh digits from the system's randomness. Throws IoError.
std::string random_name();

}  // namespace obscura::pending
