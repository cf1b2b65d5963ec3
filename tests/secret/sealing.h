#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "secret/passphrase.h"

/// What tests of sealed keys and files have in common.
namespace obscura::ckks::testing {

/// The least that there is: tests are in a hurry.
inline constexpr SealCost kCheap{1, 8};

inline PassphraseSource always(const std::string& word) {
  return [word](const std::string& /*what*/, PassphraseUse /*use*/) { return Passphrase(word); };
}

inline Sealing sealed_with(const std::string& word) {
  return {always(word), true, kCheap};
}

template <typename E>
std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown, or something else";
  return {};
}

}  // namespace obscura::ckks::testing
