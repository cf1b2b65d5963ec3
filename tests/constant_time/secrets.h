#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// What memcheck calls uninitialised stands for what is secret: it follows such bytes through all that is computed of
/// them, and reports a branch or an address that depends on one, which is what a clock or a cache can see (Langley,
/// ctgrind, 2010). Outside of Valgrind all of it does nothing.
namespace obscura::constant_time {

/// From here on these bytes are secret.
void mark_secret(const void* data, std::size_t bytes);
/// They are public: sent, or shown to whoever wants to see them. Every call says why.
void declassify(const void* data, std::size_t bytes);
/// Whether one of them depends on a secret.
bool depends_on_secret(const void* data, std::size_t bytes);

bool under_valgrind();

/// Randomness for the libraries, the same every time: the 32 bytes of each draw are a seed, secret ('s') or public
/// ('p') by the next letter of the plan. A draw beyond it, or a letter that nobody drew, ends the program.
void plan_draws(const std::string& letters);
/// Ends the program if a letter is left.
void check_plan_is_done();

}  // namespace obscura::constant_time
