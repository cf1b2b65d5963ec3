#include "ring/isa.h"

#include <cstdlib>
#include <string>

#include "base/environment.h"
#include "base/error.h"

namespace obscura::ring {
namespace {

#if defined(__x86_64__)
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

// What the *_ifma.cpp files are compiled for: the compiler may use any of these.
bool has_ifma() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("avx512vpopcntdq");
}
#elif !defined(__wasm__)
bool has_avx2() {
  return false;
}
bool has_ifma() {
  return false;
}
#endif

Isa read_selection() {
  const std::string wanted = environment("OBSCURA_ISA");
  if (wanted.empty()) return best_isa();
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::ifma, Isa::simd128}) {
    if (isa_name(isa) != wanted) continue;
    if (!has_isa(isa)) {
      throw ParameterError("OBSCURA_ISA=" + wanted + ": this processor only has " + std::string(isa_name(best_isa())));
    }
    return isa;
  }
  throw ParameterError("OBSCURA_ISA=" + wanted + " is not scalar, avx2 or ifma");
}

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx2:
      return "avx2";
    case Isa::ifma:
      return "ifma";
    case Isa::simd128:
      return "simd128";
    default:
      return "scalar";
  }
}

Isa best_isa() {
#if defined(__wasm__)  // a module with these instructions runs where they are, or not at all
  return Isa::simd128;
#else
  static const Isa best = has_ifma() ? Isa::ifma : has_avx2() ? Isa::avx2 : Isa::scalar;
  return best;
#endif
}

bool has_isa(Isa isa) {
  const Isa best = best_isa();
  if (isa == Isa::scalar || isa == best) return true;
  return isa == Isa::avx2 && best == Isa::ifma;
}

Isa selected_isa() {
  static const Isa selected = read_selection();
  return selected;
}

}  // namespace obscura::ring
