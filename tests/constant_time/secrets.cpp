#include "constant_time/secrets.h"

#include <sodium.h>
#include <valgrind/memcheck.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace obscura::constant_time {
namespace {

/// The library knows one generator a process, so there is one here.
struct Plan {
  std::string letters;
  std::size_t next = 0;
  std::uint64_t counter = 0;
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "constant_time: %s\n", what);
  std::exit(3);
}

void draw(void* const out, const std::size_t size) {
  constexpr std::size_t kSeed = 32;
  Plan& p = plan();
  if (size != kSeed) fail("a draw that is no seed: the plan does not know it");
  if (p.next == p.letters.size()) fail("a draw that is not in the plan");
  auto* const bytes = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < size; ++i) {
    std::uint64_t x = (p.counter++ + 1) * 0x9E3779B97F4A7C15;  // splitmix64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    bytes[i] = static_cast<unsigned char>(x >> 56);
  }
  if (p.letters[p.next++] == 's') mark_secret(out, size);
}

std::uint32_t draw_word() {
  fail("a draw of one word: the plan does not know it");
}

const char* name() {
  return "planned";
}

randombytes_implementation kPlanned{&name, &draw_word, nullptr, nullptr, &draw, nullptr};

}  // namespace

void mark_secret(const void* data, std::size_t bytes) {
  (void)VALGRIND_MAKE_MEM_UNDEFINED(data, bytes);
}

void declassify(const void* data, std::size_t bytes) {
  (void)VALGRIND_MAKE_MEM_DEFINED(data, bytes);
}

bool depends_on_secret(const void* data, std::size_t bytes) {
  std::vector<unsigned char> undefined(bytes);
  if (VALGRIND_GET_VBITS(data, undefined.data(), bytes) != 1) return false;
  return std::any_of(undefined.begin(), undefined.end(), [](unsigned char bits) { return bits != 0; });
}

bool under_valgrind() {
  return RUNNING_ON_VALGRIND != 0;
}

void plan_draws(const std::string& letters) {
  static const bool set = [] {
    if (sodium_init() < 0) return false;  // it draws for itself
    return randombytes_set_implementation(&kPlanned) == 0;
  }();
  if (!set) fail("libsodium cannot start");
  check_plan_is_done();
  plan().letters = letters;
  plan().next = 0;
}

void check_plan_is_done() {
  if (plan().next != plan().letters.size()) fail("the plan has a draw that nobody made");
}

}  // namespace obscura::constant_time
