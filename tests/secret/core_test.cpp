// What a process that crashes leaves of its keys.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "ckks/wire_cases.h"
#include "secret/freed_memory.h"
#include "secret/passphrase.h"
#include "secret/secret_key.h"
#include "support/temporary.h"

namespace obscura::ckks {
namespace {

using freed_memory::Needle;

constexpr std::size_t kBytes = 64;

/// Kilobytes that the process has locked.
std::size_t locked() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmLck:", 0) == 0) return std::strtoul(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

SecretKey known_key() {
  return SecretKey(Context::create(wire_test::small_parameters()), ring::Seed{9});
}

/// Bytes that stand nowhere else: not in the program's constants.
WipedVector<char> known_words() {
  WipedVector<char> words(kBytes);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<char>('!' + (31 * i * i + 7) % 90);
  return words;
}

/// Holds a key, a passphrase, and a copy that nobody protects; crashes.
[[noreturn]] void crash_in(const std::filesystem::path& folder) {
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  if (::chdir(folder.c_str()) != 0 || ::setrlimit(RLIMIT_CORE, &all) != 0) std::_Exit(2);
  const SecretKey key = known_key();
  const Passphrase passphrase = [] {
    const auto words = known_words();
    return Passphrase({words.data(), words.size()});
  }();
  const std::vector<std::uint8_t> control(4 * kBytes, 0xC7);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

TEST(CoreFiles, HoldNeitherKeysNorPassphrases) {
  if (!freed_memory::can_watch()) GTEST_SKIP() << "a sanitizer handles crashes";
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) crash_in(folder.path());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) GTEST_SKIP() << "this system allows no core files";
  const auto files = folder.files();
  if (files.empty()) GTEST_SKIP() << "core files are turned off here, or go elsewhere (kernel.core_pattern)";
  std::ifstream in(folder / files.front(), std::ios::binary);
  const std::vector<char> core{std::istreambuf_iterator<char>(in), {}};
  const auto holds = [&](const Needle& needle) {
    return needle.is_in(reinterpret_cast<const std::uint8_t*>(core.data()), core.size());
  };
  EXPECT_TRUE(holds(Needle(std::vector<std::uint8_t>(kBytes, 0xC7)))) << "of " << core.size() << " bytes";
  const SecretKey key = known_key();
  const auto& c = key.coefficients();
  for (std::size_t at = 0; at + kBytes <= c.size(); at += kBytes)
    EXPECT_FALSE(holds(Needle::of(c.data() + at, kBytes)));
  for (std::size_t row = 0; row < key.context()->max_limbs(); ++row) {
    EXPECT_FALSE(holds(Needle::of(key.q_limb(row), 8))) << row;
  }
  const auto words = known_words();
  EXPECT_FALSE(holds(Needle::of(words.data(), words.size())));
}

TEST(CoreFiles, KeysAreLockedInMemory) {
  // Sanitizers answer mlock themselves, without locking anything.
  if (!freed_memory::can_watch()) GTEST_SKIP() << "a sanitizer locks no memory";
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_MEMLOCK, &limit), 0);
  if (limit.rlim_cur < (1 << 20)) GTEST_SKIP() << "ulimit -l allows less than a megabyte";
  const std::size_t before = locked();
  {
    const SecretKey key = known_key();
    // 1,024 coefficients, and as many words for each of six primes.
    EXPECT_GE(locked(), before + (1024 + 6 * 1024 * 8) / 1024);
  }
  EXPECT_EQ(locked(), before);
}

}  // namespace
}  // namespace obscura::ckks
